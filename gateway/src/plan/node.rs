//! The plan as data: steps with what they wait for. Nothing here names the planner that it came from.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    operation::OperationKind,
    schema::TypeId,
    value::{KeyId, ShapeId, SlotId},
};

/// All fetches of one operation.
#[derive(Debug, Default)]
pub struct Plan {
    /// The upstream subscription, for subscriptions alone; each event starts the steps anew.
    pub subscription: Option<Fetch>,
    /// The fetches; a step waits only for steps before it.
    pub steps: Vec<Step>,
    /// How many slots the root has.
    pub root_width: u32,
}

impl Plan {
    /// All fetches, that of the upstream subscription first.
    pub fn fetches(&self) -> impl Iterator<Item = &Fetch> {
        self.subscription.iter().chain(self.steps.iter().map(|step| &step.fetch))
    }

    /// All fetches, to change them.
    pub fn fetches_mut(&mut self) -> impl Iterator<Item = &mut Fetch> {
        self.subscription.iter_mut().chain(self.steps.iter_mut().map(|step| &mut step.fetch))
    }
}

/// One fetch, with what must be done before it.
#[derive(Debug)]
pub struct Step {
    /// The steps whose answers it needs, or, in a mutation, that must have run.
    pub after: Vec<usize>,
    /// The steps that wait for this one.
    pub before: Vec<usize>,
    /// What to fetch.
    pub fetch: Fetch,
}

/// One request to a subgraph.
#[derive(Debug)]
pub struct Fetch {
    /// The subgraph's name.
    pub subgraph: Arc<str>,
    /// Entity fetches of a mutation are queries.
    pub kind: OperationKind,
    /// The operation's text.
    pub operation: String,
    /// The request body up to the variables' values: `{"query":"…"`.
    pub body_start: Bytes,
    /// The client's variables that it uses, each with its key as it is written: `"name":`.
    pub variables: Vec<(String, Box<[u8]>)>,
    /// The shape of the answer's `data`.
    pub shape: ShapeId,
    /// Where the answer goes.
    pub target: Target,
}

/// Where an answer goes.
#[derive(Debug)]
pub enum Target {
    /// Into the root.
    Root,
    /// Into each object at a path, whose type is the query type.
    At(Way),
    /// Into the entities that its representations were made from.
    Entities(Vec<Batch>),
}

/// One list of representations.
#[derive(Debug)]
pub struct Batch {
    /// The variable's key as it is written: `"representations":`.
    pub variable: Box<[u8]>,
    /// Where the entities are.
    pub paths: Vec<Way>,
    /// What a representation holds.
    pub requires: Vec<Required>,
    /// Types that a subgraph knows by another name: entities of these types are called that.
    pub renames: Vec<Rename>,
    /// The lists that answer it.
    pub outputs: Vec<BatchOutput>,
}

/// A list that answers the representations of a batch.
#[derive(Debug)]
pub struct BatchOutput {
    /// Where it is in the tree of the answer.
    pub place: Place,
    /// Its key on the wire.
    pub wire: Box<str>,
    /// The shape of its items.
    pub shape: ShapeId,
}

/// A key, and the slot of its value in objects at that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The key.
    pub key: KeyId,
    /// The slot, once the plan is laid out.
    pub slot: SlotId,
}

impl Place {
    /// The place of a key in a plan that is not laid out yet.
    #[must_use]
    pub const fn of(key: KeyId) -> Self {
        Self { key, slot: SlotId::NONE }
    }
}

/// What entities of some types are called in a representation; no types mean all.
pub type Rename = (Vec<TypeId>, Box<str>);

/// One field of a representation.
#[derive(Debug)]
pub struct Required {
    /// It applies to objects that fit all of these types.
    pub types: Vec<TypeId>,
    /// Where it is in the tree.
    pub place: Place,
    /// The key as it is written: `"id":`.
    pub prefix: Box<[u8]>,
    /// What of an object value is needed; empty for leaves.
    pub below: Vec<Self>,
}

impl Required {
    /// Whether this is the type's name, which each representation has anyway.
    #[must_use]
    pub fn is_typename(&self) -> bool {
        self.place.key == KeyId::TYPENAME
    }
}

/// A path that answers go to.
#[derive(Debug)]
pub struct Way {
    /// The path.
    pub path: Path,
    /// Ways of one number may share what is below an entity that stands in many of their places: every other fetch
    /// treats the places alike. `None`: each place needs its own.
    pub sharing: Option<u32>,
}

impl Way {
    /// The way to a path in a plan whose steps are not all known yet.
    #[must_use]
    pub const fn to(path: Path) -> Self {
        Self { path, sharing: None }
    }
}

/// A path down the tree; lists on the way are walked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub Vec<PathStep>);

/// One step down the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// Into a field.
    Field(Place),
    /// Only objects that fit any of these types.
    Types(Vec<TypeId>),
}
