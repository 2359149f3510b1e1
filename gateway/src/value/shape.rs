//! The shape of a subgraph's answer, known from the operation that it answers.

use super::{KeyId, SlotId};
use crate::weight::owns;

/// The number of a shape within one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(pub u32);

/// What may stand in one object, whatever its type.
#[derive(Debug, Default)]
pub struct Shape {
    /// The keys, in the order in which they were asked for.
    pub entries: Vec<ShapeEntry>,
    /// How many slots the objects have.
    pub width: u32,
}

/// One key of an object.
#[derive(Debug)]
pub struct ShapeEntry {
    /// The key on the wire.
    pub wire: Box<str>,
    /// The key as it is written: quoted and with a colon.
    pub written: Box<[u8]>,
    /// The field in the schema.
    pub name: Box<str>,
    /// The key in the tree; another than on the wire where the planner renames it back.
    pub key: KeyId,
    /// The slot in the tree, once [`Layouts`](super::Layouts) has given it one.
    pub slot: SlotId,
    /// Whether it holds the name of the object's type.
    pub is_typename: bool,
    /// The shape below; none for leaves.
    pub child: Option<ShapeId>,
}

impl ShapeEntry {
    /// The entry of a field that is asked for under its own name.
    #[must_use]
    pub fn new(name: &str, child: Option<ShapeId>) -> Self {
        let mut written = serde_json::to_vec(name).unwrap_or_default();
        written.push(b':');
        Self {
            wire: name.into(),
            written: written.into(),
            name: name.into(),
            key: KeyId::TYPENAME,
            slot: SlotId::NONE,
            is_typename: name == "__typename",
            child,
        }
    }
}

/// All shapes of one plan.
#[derive(Debug, Default)]
pub struct Shapes {
    shapes: Vec<Shape>,
}

impl Shapes {
    /// Adds an empty shape.
    pub fn add(&mut self) -> ShapeId {
        let id = ShapeId(u32::try_from(self.shapes.len()).unwrap_or(u32::MAX));
        self.shapes.push(Shape::default());
        id
    }

    /// All numbers.
    pub fn ids(&self) -> impl Iterator<Item = ShapeId> + use<> {
        (0..u32::try_from(self.shapes.len()).unwrap_or(u32::MAX)).map(ShapeId)
    }

    /// The shape of a number.
    #[must_use]
    pub fn get(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(id.0 as usize)
    }

    /// The shape of a number, to change it.
    pub fn get_mut(&mut self, id: ShapeId) -> Option<&mut Shape> {
        self.shapes.get_mut(id.0 as usize)
    }
}

owns!(ShapeEntry: wire, written, name);
owns!(Shape: entries);
owns!(Shapes: shapes);
