//! The plan as data: steps with what they wait for. Nothing here names the planner that it came from.

use bytes::Bytes;

use crate::{
    operation::OperationKind,
    project::Condition,
    schema::TypeId,
    value::{KeyId, ShapeId},
};

/// All fetches of one operation.
#[derive(Debug, Default)]
pub struct Plan {
    /// The upstream subscription, for subscriptions alone; each event starts the steps anew.
    pub subscription: Option<Fetch>,
    /// The fetches; a step waits only for steps before it.
    pub steps: Vec<Step>,
}

/// One fetch, with what must be done before it.
#[derive(Debug)]
pub struct Step {
    /// The steps whose answers it needs, or, in a mutation, that must have run.
    pub after: Vec<usize>,
    /// It runs when all hold; a step that does not run counts as done.
    pub when: Vec<Condition>,
    /// What to fetch.
    pub fetch: Fetch,
}

/// One request to a subgraph.
#[derive(Debug)]
pub struct Fetch {
    /// The subgraph's name.
    pub subgraph: String,
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
    At(Path),
    /// Into the entities that its representations were made from.
    Entities(Vec<Batch>),
}

/// One list of representations.
#[derive(Debug)]
pub struct Batch {
    /// The variable's key as it is written: `"representations":`.
    pub variable: Box<[u8]>,
    /// Where the entities are.
    pub paths: Vec<Path>,
    /// What a representation holds.
    pub requires: Vec<Required>,
    /// Types that a subgraph knows by another name: entities of these types are called that.
    pub renames: Vec<Rename>,
    /// The response keys of the lists that answer it, in the tree of the answer and on the wire.
    pub outputs: Vec<(KeyId, Box<str>)>,
}

/// What entities of some types are called in a representation; no types mean all.
pub type Rename = (Vec<TypeId>, Box<str>);

/// One field of a representation.
#[derive(Debug)]
pub struct Required {
    /// It applies to objects that fit all of these types.
    pub types: Vec<TypeId>,
    /// Where it is in the tree.
    pub key: KeyId,
    /// Where it is if it is not at `key`: the planner renames some keys.
    pub other_key: Option<KeyId>,
    /// The key as it is written: `"id":`.
    pub prefix: Box<[u8]>,
    /// What of an object value is needed; empty for leaves.
    pub below: Vec<Self>,
}

impl Required {
    /// Whether this is the type's name, which each representation has anyway.
    #[must_use]
    pub fn is_typename(&self) -> bool {
        self.key == KeyId::TYPENAME
    }
}

/// A way down the tree; lists on the way are walked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub Vec<PathStep>);

/// One step down the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// Into a field, by the client's key and by the one that its value may have instead.
    Field(KeyId, Option<KeyId>),
    /// Only objects that fit any of these types.
    Types(Vec<TypeId>),
}
