//! Which subgraph has which types and fields, and on which conditions.

use std::sync::Arc;

use ahash::{AHashMap, AHashSet};

use super::field_set::FieldSet;
use crate::{
    operation::OperationKind,
    schema::{TypeId, TypeNames},
};

/// The number of a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubgraphId(pub u32);

/// All that the join directives say.
#[derive(Debug, Default)]
pub struct Federation {
    pub(super) subgraphs: Vec<(Arc<str>, String)>,
    /// By the number of the type.
    pub(super) types: Vec<TypeFacts>,
    /// Query, mutation, subscription.
    pub(super) roots: [Option<TypeId>; 3],
    /// The labels of overrides that depend on the request, each once.
    pub(super) labels: Vec<Label>,
    /// By the name of a field: the labels that decide who resolves it.
    pub(super) labelled: AHashMap<Box<str>, Vec<usize>>,
    /// Interfaces with a key.
    pub(super) abstract_entities: Vec<TypeId>,
    /// The names of all fields that keys and `@requires` name.
    pub(super) needed: AHashSet<Box<str>>,
    /// The names of fields with `@requires`.
    pub(super) requiring: AHashSet<Box<str>>,
}

#[derive(Debug, Default)]
pub(super) struct TypeFacts {
    pub(super) in_subgraph: AHashMap<SubgraphId, TypeIn>,
    pub(super) fields: AHashMap<Box<str>, FieldFacts>,
}

/// A type as one subgraph has it.
#[derive(Debug, Default)]
pub struct TypeIn {
    /// By what it is known.
    pub keys: Vec<Key>,
    /// An interface that this subgraph has as an object.
    pub is_interface_object: bool,
    /// The object types that it can be there, sorted.
    pub possible: Vec<TypeId>,
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its fields.
    pub set: FieldSet,
    /// Whether the subgraph finds entities by it.
    pub is_resolvable: bool,
}

/// A field of a type.
#[derive(Debug, Default)]
pub struct FieldFacts {
    /// The composite type that it has for clients; none for leaves.
    pub named: Option<TypeId>,
    /// Whether it is said which subgraphs have it; else all do that have the type.
    pub(super) is_said: bool,
    pub(super) in_subgraph: AHashMap<SubgraphId, FieldIn>,
}

/// A field as one subgraph has it.
#[derive(Debug, Default)]
pub struct FieldIn {
    /// It is named there, and resolved elsewhere.
    pub is_external: bool,
    /// It belongs to a key there and is not external, so it can be told wherever the entity is.
    pub is_of_key: bool,
    /// What it needs of other subgraphs.
    pub requires: Option<FieldSet>,
    /// What can be resolved below it beside what can be everywhere.
    pub provides: Option<FieldSet>,
    /// Another subgraph resolves it, always or for some requests.
    pub overridden: Option<Override>,
    /// It is resolved here for some requests alone: those for which the label of this number is active.
    pub only_with: Option<usize>,
    /// The composite type there.
    pub named: Option<TypeId>,
    /// The type there, with its marks.
    pub written_type: Box<str>,
}

/// The label of an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// As it is written.
    pub name: Box<str>,
    /// For how many of a million requests it is active: what `percent(…)` says. Others are never active.
    pub per_million: u32,
}

impl Label {
    /// Reads a label.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let percent = name.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
        let percent: f64 = percent.and_then(|percent| percent.trim().parse().ok()).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and a million")]
        let per_million = (percent.clamp(0.0, 100.0) * 10_000.0).round() as u32;
        Self { name: name.into(), per_million }
    }
}

/// When a field is resolved elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// Always.
    Always,
    /// When the label of this number is active.
    With(usize),
}

impl Federation {
    /// All subgraphs.
    pub fn subgraphs(&self) -> impl Iterator<Item = SubgraphId> + use<> {
        (0..u32::try_from(self.subgraphs.len()).unwrap_or(u32::MAX)).map(SubgraphId)
    }

    /// Name and URL of each.
    pub fn names_and_urls(&self) -> impl Iterator<Item = (&str, &str)> {
        self.subgraphs.iter().map(|(name, url)| (&**name, url.as_str()))
    }

    /// The name of one.
    #[must_use]
    pub fn name(&self, subgraph: SubgraphId) -> Arc<str> {
        self.subgraphs.get(subgraph.0 as usize).map_or_else(|| "".into(), |(name, _)| Arc::clone(name))
    }

    /// The root type of a kind of operation.
    #[must_use]
    pub const fn root(&self, kind: OperationKind) -> Option<TypeId> {
        match kind {
            OperationKind::Query => self.roots[0],
            OperationKind::Mutation => self.roots[1],
            OperationKind::Subscription => self.roots[2],
        }
    }

    /// A type as a subgraph has it.
    #[must_use]
    pub fn type_in(&self, ty: TypeId, subgraph: SubgraphId) -> Option<&TypeIn> {
        self.types.get(ty.0 as usize)?.in_subgraph.get(&subgraph)
    }

    /// The object types that a type can be in a subgraph.
    #[must_use]
    pub fn possible_in(&self, ty: TypeId, subgraph: SubgraphId) -> &[TypeId] {
        self.type_in(ty, subgraph).map_or(&[], |ty| &ty.possible)
    }

    /// Whether a type has all fields of another one.
    #[must_use]
    pub fn has_fields_of(&self, ty: TypeId, other: TypeId) -> bool {
        let fields = |ty: TypeId| self.types.get(ty.0 as usize).map(|ty| &ty.fields);
        fields(ty).zip(fields(other)).is_some_and(|(own, theirs)| theirs.keys().all(|name| own.contains_key(name)))
    }

    /// Whether this is a type without fields.
    #[must_use]
    pub fn is_union(&self, ty: TypeId) -> bool {
        self.types.get(ty.0 as usize).is_some_and(|ty| ty.fields.is_empty())
    }

    /// A field of a type.
    #[must_use]
    pub fn field(&self, ty: TypeId, name: &str) -> Option<&FieldFacts> {
        self.types.get(ty.0 as usize)?.fields.get(name)
    }

    /// A field of a type as a subgraph has it.
    #[must_use]
    pub fn field_in(&self, ty: TypeId, name: &str, subgraph: SubgraphId) -> Option<&FieldIn> {
        self.field(ty, name)?.in_subgraph.get(&subgraph)
    }

    /// How many subgraphs resolve a field, as far as that does not depend on where one comes from.
    #[must_use]
    pub fn resolver_count(&self, ty: TypeId, name: &str) -> usize {
        let facts = self.field(ty, name);
        facts.map_or(0, |facts| facts.in_subgraph.values().filter(|field| field.is_resolved_there()).count())
    }

    /// The types by which a subgraph finds an entity of type `ty`: itself, else an interface with a key.
    #[must_use]
    pub(crate) fn entities(&self, ty: TypeId, subgraph: SubgraphId, types: &TypeNames) -> Vec<TypeId> {
        let has_key =
            |ty: TypeId| self.type_in(ty, subgraph).is_some_and(|there| there.keys.iter().any(|key| key.is_resolvable));
        let interfaces = self.abstract_entities.iter().copied().filter(|&it| it != ty && types.fits(ty, it));
        std::iter::once(ty).chain(interfaces).filter(|&ty| has_key(ty)).collect()
    }

    /// Whether any subgraph requires something for a field of this name.
    #[must_use]
    pub fn is_ever_required_for(&self, name: &str) -> bool {
        self.requiring.contains(name)
    }

    /// The labels of overrides that depend on the request.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The names of all fields that keys and `@requires` name.
    pub(crate) fn needed_names(&self) -> impl Iterator<Item = &Box<str>> {
        self.needed.iter()
    }

    /// The labels that decide who resolves a field of this name.
    pub(crate) fn labels_of(&self, name: &str) -> impl Iterator<Item = &Label> {
        let numbers = self.labelled.get(name).map_or(&[][..], Vec::as_slice);
        numbers.iter().filter_map(|&number| self.labels.get(number))
    }
}

impl FieldIn {
    /// Whether the subgraph resolves it for some requests at least.
    #[must_use]
    pub fn is_resolved_there(&self) -> bool {
        !self.is_external && self.overridden != Some(Override::Always)
    }
}
