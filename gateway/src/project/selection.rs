//! The client's selection, compiled: for each type that an object can be, its fields in the client's order.

use serde_json::{Map, Value as Json};

use super::{Condition, DeferId, all_hold};
use crate::{
    schema::{Literal, TypeId, TypeRef},
    value::KeyId,
    weight::{HeapBytes, allocated, owns, owns_nothing},
};

/// The number of a selection within one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectionId(pub u32);

/// One field of the response.
#[derive(Debug)]
pub struct Field {
    /// The key as it is written: quoted and with a colon.
    pub prefix: Box<[u8]>,
    /// The key in the response.
    pub response_key: Box<str>,
    /// The key in the tree.
    pub key: KeyId,
    /// Type and field for messages, such as `Product.title`.
    pub coordinate: Box<str>,
    /// Where the value comes from.
    pub source: Source,
    /// Where the client first selects it, counted over the whole operation.
    pub place: u32,
    /// The field is there when all conditions of any alternative hold; no alternatives mean always, at `place`.
    pub alternatives: Vec<Alternative>,
    /// All places that select it, where any of them is deferred; empty where none is.
    pub deferred: Vec<Occurrence>,
    /// What the schema promises.
    pub output: Output,
    /// What is selected below.
    pub below: Below,
    /// The arguments of introspection fields; empty on others.
    pub arguments: Vec<(String, Literal)>,
}

/// One of several places in the document that select a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Its place, counted like the place of a field.
    pub place: u32,
    /// Under which conditions it counts.
    pub conditions: Vec<Condition>,
}

/// One of several places that select a field, some of which are in deferred fragments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Where it is, and under which conditions it counts.
    pub alternative: Alternative,
    /// The innermost `@defer` around it; `None` outside of all.
    pub defer: Option<DeferId>,
}

impl Field {
    /// Where the field stands in the response; `None` when `variables` do not select it.
    pub(super) fn place(&self, variables: &Map<String, Json>) -> Option<u32> {
        if self.alternatives.is_empty() {
            return Some(self.place);
        }
        self.alternatives.iter().find(|alternative| all_hold(&alternative.conditions, variables)).map(|it| it.place)
    }
}

/// Where a field's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From subgraphs.
    Tree,
    /// The name of the object's type.
    Typename,
    /// `__schema`.
    Schema,
    /// `__type`.
    Type,
}

/// What is selected below a field.
#[derive(Debug, Clone)]
pub enum Below {
    /// Nothing: the field is a leaf.
    Leaf,
    /// For each type that the object can be, a selection; for an interface or union the last is for the type itself.
    Objects(Vec<(TypeId, SelectionId)>),
    /// A selection on an introspection type.
    Introspection(SelectionId),
}

/// What the schema promises of a field's value.
#[derive(Debug, Clone)]
pub enum Output {
    /// A leaf.
    Leaf(Leaf),
    /// An object, interface or union, by its name.
    Composite(Box<str>),
    /// A list.
    List(Box<Self>),
    /// Never null.
    NonNull(Box<Self>),
}

/// The kinds of leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// 32 bits with sign.
    Int,
    /// A number.
    Float,
    /// Text.
    String,
    /// A truth value.
    Boolean,
    /// Text, or a whole number that becomes text.
    Id,
    /// One of the values of the enum of this name.
    Enum(Box<str>),
    /// Any JSON.
    Custom,
}

impl Output {
    /// From the schema's type; `leaf` says what a named type is, `None` for composites.
    pub(super) fn new(type_ref: &TypeRef, leaf: Option<&Leaf>) -> Self {
        match type_ref {
            TypeRef::Named(name) => leaf.cloned().map_or_else(|| Self::Composite(name.as_str().into()), Self::Leaf),
            TypeRef::List(inner) => Self::List(Box::new(Self::new(inner, leaf))),
            TypeRef::NonNull(inner) => Self::NonNull(Box::new(Self::new(inner, leaf))),
        }
    }
}

/// All selections of one operation.
#[derive(Debug, Default)]
pub struct Selections {
    sets: Vec<Vec<Field>>,
}

impl Selections {
    pub(super) fn add(&mut self, fields: Vec<Field>) -> SelectionId {
        let id = SelectionId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(fields);
        id
    }

    /// The fields of a selection.
    #[must_use]
    pub fn get(&self, id: SelectionId) -> &[Field] {
        self.sets.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Which fields of a selection `variables` select, in the order in which those selections come.
    pub(super) fn order(&self, id: SelectionId, variables: &Map<String, Json>) -> Vec<u32> {
        let fields = (0_u32..).zip(self.get(id));
        let mut selected: Vec<(u32, u32)> =
            fields.filter_map(|(index, field)| Some((field.place(variables)?, index))).collect();
        // A field that is selected twice moves when its first place does not count.
        selected.sort_unstable();
        selected.into_iter().map(|(_, index)| index).collect()
    }

    /// The fields of a selection that `variables` select, in order.
    pub(super) fn selected<'a>(
        &'a self,
        id: SelectionId,
        variables: &Map<String, Json>,
    ) -> impl Iterator<Item = &'a Field> + use<'a> {
        let fields = self.get(id);
        self.order(id, variables).into_iter().filter_map(|index| fields.get(index as usize))
    }
}

owns_nothing!(SelectionId, TypeId);
owns!(Alternative: conditions);
owns!(Occurrence: alternative);
owns!(Selections: sets);

impl HeapBytes for Field {
    fn heap_bytes(&self) -> usize {
        let Self { prefix, response_key, coordinate, alternatives, deferred, output, below, arguments, .. } = self;
        let texts = prefix.heap_bytes() + response_key.heap_bytes() + coordinate.heap_bytes();
        let lists = alternatives.heap_bytes() + deferred.heap_bytes();
        // Few fields have arguments, and those are short.
        let arguments = allocated(arguments.capacity() * size_of::<(String, Literal)>());
        texts + lists + output.heap_bytes() + below.heap_bytes() + arguments
    }
}

impl HeapBytes for Below {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Leaf | Self::Introspection(_) => 0,
            Self::Objects(by_type) => by_type.heap_bytes(),
        }
    }
}

impl HeapBytes for Output {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.heap_bytes(),
            Self::Composite(name) => name.heap_bytes(),
            Self::List(inner) | Self::NonNull(inner) => inner.heap_bytes(),
        }
    }
}

impl HeapBytes for Leaf {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Enum(name) => name.heap_bytes(),
            Self::Int | Self::Float | Self::String | Self::Boolean | Self::Id | Self::Custom => 0,
        }
    }
}
