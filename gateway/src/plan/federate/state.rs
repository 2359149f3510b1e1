//! How a position can be reached, and at what cost.

use std::rc::Rc;

use super::{
    asked::AskedId,
    draft::{PositionId, SiteId},
};
use crate::schema::{
    TypeId,
    federation::{FieldIn, FieldSet, Key, SubgraphId},
};

/// A selection that there is or could be, on the objects of one position.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) subgraph: SubgraphId,
    /// The type of the objects in the subgraph.
    pub(super) declared: TypeId,
    /// The objects that it has: those of this type.
    pub(super) covers: TypeId,
    pub(super) provided: Option<&'a FieldSet>,
    pub(super) via: Via<'a>,
    pub(super) cost: Cost,
}

/// What leads to it.
#[derive(Debug)]
pub(super) enum Via<'a> {
    /// It is there.
    Site(SiteId),
    /// A fetch at the root.
    Root,
    /// A field of a state of the position above.
    Field(Rc<State<'a>>, TypeId, AskedId),
    /// A fetch of objects of the query type.
    Query,
    /// A fetch of entities by a key; with a field, what its `@requires` names is in the representations.
    Entities(&'a Key, Option<&'a FieldIn>),
    /// A fetch of entities that there is, with more in its representations.
    Joined(SiteId, &'a FieldIn),
}

/// A fetch that does not exist yet: where it starts, whom it asks, and the length of the longest way to it.
pub(super) type NewFetch = (PositionId, SubgraphId, u32);

/// What it takes to reach a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// The fetches that it would add.
    pub(super) new: Vec<NewFetch>,
    /// How many of them could not be part of a request that is made anyway.
    pub(super) requests: usize,
    /// The length of the longest way.
    pub(super) level: u32,
}

impl Cost {
    /// Fewer requests are better, then fewer fetches, then shorter ways.
    pub(super) fn is_less(&self, other: &Self) -> bool {
        (self.requests, self.new.len(), self.level) < (other.requests, other.new.len(), other.level)
    }
}
