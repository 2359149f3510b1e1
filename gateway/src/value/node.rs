//! What a tree is made of. All of it is small and copied; numbers are places in the tree that it came from.

use crate::schema::TypeId;

/// A stretch of bytes of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which answer.
    pub buffer: u32,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A value in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// No subgraph has said anything of it.
    Absent,
    /// `null`.
    Null,
    /// Raw JSON: a number, text with its quotes, a truth value, or an object of a custom scalar.
    Leaf(Span),
    /// A list.
    List(List),
    /// An object with a selection.
    Object(Object),
    /// What stands before the values of an object; never the value of anything.
    Head {
        /// Its type, as far as a subgraph said it.
        typename: Option<TypeId>,
        /// How many values follow.
        width: u32,
    },
}

/// A list in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    pub(super) start: u32,
    pub(super) length: u32,
    /// Whether it stands in more than one place.
    pub is_shared: bool,
}

impl List {
    /// The same for all places that share it, and different from all other lists that are not empty.
    #[must_use]
    pub const fn id(self) -> u32 {
        self.start
    }
}

/// An object in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    pub(super) head: u32,
    /// Whether it stands in more than one place.
    pub is_shared: bool,
}

impl Object {
    /// The same for all places that share it, and different from all other objects.
    #[must_use]
    pub const fn id(self) -> u32 {
        self.head
    }
}
