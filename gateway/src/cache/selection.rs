//! What a fetch selects, as a graph of objects: enough to know what an answer to it has read.

use std::sync::Arc;

use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Definition, Document, Field, OperationDefinition, Selection, SelectionSet},
};

use super::types::{TaggedType, TaggedTypes};
use crate::schema::{CacheHint, EntityTypes};

/// The selection of one object.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// What the object can be, where its answer does not say.
    pub(super) types: Vec<Arc<TaggedType>>,
    /// Under which keys the answer says what it is.
    pub(super) typenames: Vec<Box<str>>,
    /// Scalars that can be a key or a revision, by their keys in the answer, with the names of their fields.
    pub(super) leaves: Vec<(Box<str>, Box<str>)>,
    /// Objects by their keys.
    pub(super) children: Vec<(Box<str>, usize)>,
}

/// All selections of a fetch; the first is the root's.
#[derive(Debug, Default)]
pub(super) struct Nodes(Vec<Node>);

impl Nodes {
    pub(super) fn get(&self, index: usize) -> Option<&Node> {
        self.0.get(index)
    }

    /// The node of a key below a node.
    pub(super) fn below(&self, index: usize, key: &str) -> Option<usize> {
        self.get(index)?.children.iter().find(|(wire, _)| **wire == *key).map(|(_, child)| *child)
    }

    fn add(&mut self) -> usize {
        self.0.push(Node::default());
        self.0.len() - 1
    }
}

/// What the schema says of a whole fetch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The lowest of what is said of its parts, in seconds; of root fields and objects of which nothing is said, 0.
    pub(super) max_age_s: Option<u64>,
    /// Whether any part is the caller's alone.
    pub(super) is_private: Option<bool>,
    /// Whether the schema says anything at all.
    pub(super) says: bool,
}

impl Said {
    fn lower(&mut self, seconds: u64) {
        self.max_age_s = Some(self.max_age_s.map_or(seconds, |known| known.min(seconds)));
    }

    fn hear(&mut self, hint: Option<CacheHint>, otherwise: Option<u64>) {
        let hint = hint.unwrap_or_default();
        self.says |= hint != CacheHint::default();
        match (hint.max_age_s, hint.inherits) {
            (Some(seconds), _) => self.lower(seconds),
            (None, true) => {}
            (None, false) => {
                if let Some(otherwise) = otherwise {
                    self.lower(otherwise);
                }
            }
        }
        self.is_private = match (self.is_private, hint.is_private) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (known, said) => said.or(known),
        };
    }
}

/// What a fetch is read against.
pub(super) struct Compiler<'a> {
    pub(super) entities: &'a EntityTypes,
    pub(super) tagged: &'a TaggedTypes,
    /// How long entities are kept where nothing is said, in seconds.
    pub(super) entity_max_age_s: u64,
    /// Who answers.
    subgraph: &'a str,
    nodes: Nodes,
    said: Said,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        (entities, tagged): (&'a EntityTypes, &'a TaggedTypes),
        subgraph: &'a str,
        entity_max_age_s: u64,
    ) -> Self {
        Self { entities, tagged, entity_max_age_s, subgraph, nodes: Nodes::default(), said: Said::default() }
    }

    /// Reads the text of an operation whose root has the type `root`; `None` when it is not understood, and then its
    /// answers are not kept.
    pub(super) fn compile(mut self, text: &str, root: &str) -> Option<(Nodes, Said)> {
        let document: Document = parse_query::<String>(text).ok()?.into_static();
        let selection = document.definitions.iter().find_map(|definition| match definition {
            Definition::Operation(OperationDefinition::Query(it)) => Some(&it.selection_set),
            Definition::Operation(OperationDefinition::Mutation(it)) => Some(&it.selection_set),
            Definition::Operation(OperationDefinition::SelectionSet(it)) => Some(it),
            _ => None,
        })?;
        let node = self.nodes.add();
        self.select(selection, (node, root), &document)?;
        Some((self.nodes, self.said))
    }

    fn select(&mut self, set: &SelectionSet, (node, ty): (usize, &str), document: &Document) -> Option<()> {
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(field, (node, ty), document)?,
                Selection::InlineFragment(fragment) => {
                    let narrowed = fragment.type_condition.as_ref().map_or(ty, |condition| condition.as_ref());
                    self.enter(&fragment.selection_set, (node, ty), narrowed, document)?;
                }
                Selection::FragmentSpread(spread) => {
                    let found = document.definitions.iter().find_map(|definition| match definition {
                        Definition::Fragment(it) if it.name == spread.fragment_name => Some(it),
                        _ => None,
                    })?;
                    self.enter(&found.selection_set, (node, ty), found.type_condition.as_ref(), document)?;
                }
            }
        }
        Some(())
    }

    /// A fragment. What is selected from `_entities` has its type from there alone.
    fn enter(
        &mut self,
        set: &SelectionSet,
        (node, ty): (usize, &str),
        narrowed: &str,
        document: &Document,
    ) -> Option<()> {
        if ty == "_Entity" {
            self.can_be(node, narrowed);
            self.said.hear(self.entities.type_hint(self.subgraph, narrowed), Some(self.entity_max_age_s));
        }
        self.select(set, (node, narrowed), document)
    }

    fn field(&mut self, field: &Field, (node, ty): (usize, &str), document: &Document) -> Option<()> {
        let wire = field.alias.as_ref().unwrap_or(&field.name);
        if field.name == "__typename" {
            self.nodes.0.get_mut(node)?.typenames.push(wire.as_str().into());
            return Some(());
        }
        if field.name == "_entities" {
            let child = self.child(node, wire)?;
            return self.select(&field.selection_set, (child, "_Entity"), document);
        }
        let is_root = node == 0;
        let named = self.entities.field_type(ty, &field.name);
        let is_composite = !field.selection_set.items.is_empty();
        let otherwise = (is_root || is_composite).then_some(0);
        self.said.hear(self.entities.hint(self.subgraph, ty, &field.name), otherwise);
        if !is_composite {
            if !self.tagged.matters(&field.name) {
                return Some(());
            }
            let leaves = &mut self.nodes.0.get_mut(node)?.leaves;
            leaves.push((wire.as_str().into(), field.name.as_str().into()));
            return Some(());
        }
        // A field that the schema does not know leads to what cannot be told.
        let named = named?;
        let child = self.child(node, wire)?;
        self.can_be(child, named);
        self.select(&field.selection_set, (child, named), document)
    }

    fn child(&mut self, node: usize, wire: &str) -> Option<usize> {
        if let Some(known) = self.nodes.below(node, wire) {
            return Some(known);
        }
        let child = self.nodes.add();
        self.nodes.0.get_mut(node)?.children.push((wire.into(), child));
        Some(child)
    }

    fn can_be(&mut self, node: usize, name: &str) {
        let (Some(tagged), Some(node)) = (self.tagged.get(name), self.nodes.0.get_mut(node)) else { return };
        if !node.types.iter().any(|known| Arc::ptr_eq(known, tagged)) {
            node.types.push(Arc::clone(tagged));
        }
    }
}
