//! The shape of a subgraph's answer, known from the operation that it answers.

use super::KeyId;

/// The number of a shape within one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeId(pub u32);

/// What may stand in one object, whatever its type.
#[derive(Debug, Default)]
pub struct Shape {
    /// The keys, in the order in which they were asked for.
    pub entries: Vec<ShapeEntry>,
}

/// One key of an object.
#[derive(Debug)]
pub struct ShapeEntry {
    /// The key on the wire.
    pub wire: Box<str>,
    /// The field in the schema.
    pub name: Box<str>,
    /// The key in the tree; another than on the wire where the planner renames it back.
    pub key: KeyId,
    /// Whether it holds the name of the object's type.
    pub is_typename: bool,
    /// The shape below; none for leaves.
    pub child: Option<ShapeId>,
}

impl Shape {
    /// The entry of a wire key; `cursor` is where the search starts, as answers mostly keep the order asked for.
    pub(super) fn find(&self, wire: &[u8], cursor: &mut usize) -> Option<&ShapeEntry> {
        if let Some(entry) = self.entries.get(*cursor)
            && entry.wire.as_bytes() == wire
        {
            *cursor += 1;
            return Some(entry);
        }
        let at = self.entries.iter().position(|entry| entry.wire.as_bytes() == wire)?;
        *cursor = at + 1;
        self.entries.get(at)
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
