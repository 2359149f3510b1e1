//! Which slots the objects of a plan have.
//!
//! Objects that can be joined, because a fetch answers one and its answer goes into the other, have the same layout. It
//! is found by joining what the plan joins until nothing changes (union and find, with the joins carried down to what
//! stands under the same key).

use super::{KeyId, ShapeId, Shapes};

/// The number of a value within its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotId(pub u32);

impl SlotId {
    /// A slot that no object has.
    pub const NONE: Self = Self(u32::MAX);
}

/// The number of a layout within one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayoutId(u32);

/// The layouts of one plan.
#[derive(Debug, Default)]
pub struct Layouts {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// The layout that this one was joined into; itself when it was not.
    joined_into: LayoutId,
    /// What its objects may have, each with what is below it; a slot is the place in this list.
    entries: Vec<(KeyId, Option<LayoutId>)>,
}

impl Layouts {
    /// One layout for each shape.
    #[must_use]
    pub fn of_shapes(shapes: &Shapes) -> Self {
        let mut layouts = Self::default();
        for _ in shapes.ids() {
            layouts.add();
        }
        for id in shapes.ids() {
            for entry in shapes.get(id).iter().flat_map(|shape| &shape.entries) {
                if !entry.is_typename {
                    layouts.add_entry(Self::of_shape(id), entry.key, entry.child.map(Self::of_shape));
                }
            }
        }
        layouts
    }

    /// The layout of a shape.
    #[must_use]
    pub const fn of_shape(shape: ShapeId) -> LayoutId {
        LayoutId(shape.0)
    }

    /// Adds an empty layout.
    pub fn add(&mut self) -> LayoutId {
        let id = LayoutId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { joined_into: id, entries: Vec::new() });
        id
    }

    /// Makes one layout of two.
    pub fn join(&mut self, one: LayoutId, other: LayoutId) {
        let (one, other) = (self.current(one), self.current(other));
        if one == other {
            return;
        }
        let Some(node) = self.nodes.get_mut(other.0 as usize) else { return };
        node.joined_into = one;
        for (key, below) in std::mem::take(&mut node.entries) {
            self.add_entry(one, key, below);
        }
    }

    /// The layout below a key, made if need be.
    pub fn below(&mut self, layout: LayoutId, key: KeyId) -> LayoutId {
        if let Some(known) = self.child(layout, key) {
            return known;
        }
        let below = self.add();
        self.add_entry(layout, key, Some(below));
        below
    }

    /// Adds a key, if need be, and what is below it.
    pub fn add_entry(&mut self, layout: LayoutId, key: KeyId, below: Option<LayoutId>) {
        let layout = self.current(layout);
        let Some(node) = self.nodes.get_mut(layout.0 as usize) else { return };
        match node.entries.iter_mut().find(|(known, _)| *known == key) {
            None => node.entries.push((key, below)),
            Some((_, known)) => match (*known, below) {
                (Some(known), Some(below)) => self.join(known, below),
                (None, Some(_)) => *known = below,
                (_, None) => {}
            },
        }
    }

    /// The layout below a key, if there is one.
    #[must_use]
    pub fn child(&self, layout: LayoutId, key: KeyId) -> Option<LayoutId> {
        let below = self.entries(layout).iter().find(|(known, _)| *known == key)?.1?;
        Some(self.current(below))
    }

    /// The slot of a key; [`SlotId::NONE`] when nothing answers it.
    #[must_use]
    pub fn slot(&self, layout: LayoutId, key: KeyId) -> SlotId {
        let found = self.entries(layout).iter().position(|(known, _)| *known == key);
        found.and_then(|slot| u32::try_from(slot).ok()).map_or(SlotId::NONE, SlotId)
    }

    /// How many slots the objects have.
    #[must_use]
    pub fn width(&self, layout: LayoutId) -> u32 {
        u32::try_from(self.entries(layout).len()).unwrap_or(u32::MAX)
    }

    /// Gives shapes their slots, once nothing is joined any more.
    pub fn settle(&self, shapes: &mut Shapes) {
        for id in shapes.ids() {
            let layout = Self::of_shape(id);
            let Some(shape) = shapes.get_mut(id) else { continue };
            shape.width = self.width(layout);
            for entry in &mut shape.entries {
                entry.slot = if entry.is_typename { SlotId::NONE } else { self.slot(layout, entry.key) };
            }
        }
    }

    /// The layout that this one was joined into in the end.
    #[must_use]
    pub fn current(&self, mut layout: LayoutId) -> LayoutId {
        while let Some(node) = self.nodes.get(layout.0 as usize)
            && node.joined_into != layout
        {
            layout = node.joined_into;
        }
        layout
    }

    fn entries(&self, layout: LayoutId) -> &[(KeyId, Option<LayoutId>)] {
        self.nodes.get(self.current(layout).0 as usize).map_or(&[], |node| &node.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_has_the_same_slots_all_the_way_down() {
        let (a, b, c) = (KeyId(1), KeyId(2), KeyId(3));
        let mut layouts = Layouts::default();
        let (one, other) = (layouts.add(), layouts.add());
        let below_one = layouts.below(one, a);
        layouts.add_entry(below_one, b, None);
        layouts.add_entry(other, c, None);
        let below_other = layouts.below(other, a);
        layouts.add_entry(below_other, c, None);
        layouts.join(one, other);
        assert_eq!(layouts.current(one), layouts.current(other));
        assert_eq!((layouts.width(one), layouts.slot(other, a), layouts.slot(one, c)), (2, SlotId(0), SlotId(1)));
        assert_eq!(layouts.child(other, a), Some(layouts.current(below_one)));
        assert_eq!((layouts.width(below_other), layouts.slot(below_one, c)), (2, SlotId(1)));
        assert_eq!(layouts.slot(below_one, a), SlotId::NONE);
    }

    #[test]
    fn what_is_joined_with_what_is_below_it_ends() {
        let (a, b) = (KeyId(1), KeyId(2));
        let mut layouts = Layouts::default();
        let root = layouts.add();
        let middle = layouts.below(root, a);
        let bottom = layouts.below(middle, a);
        layouts.add_entry(bottom, b, None);
        layouts.join(root, bottom);
        assert_eq!(layouts.child(root, a), Some(layouts.current(middle)));
        assert_eq!(layouts.child(middle, a), Some(layouts.current(root)));
        assert_eq!(layouts.width(root), 2);
    }
}
