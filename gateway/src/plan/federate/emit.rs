//! The text of a fetch, and the shape of its answer.

use std::fmt::Write;

use ahash::{AHashMap, AHashSet};
use indexmap::IndexMap;

use super::{
    asked::{Asked, AskedId},
    draft::{Draft, SiteId},
};
use crate::{
    schema::{TypeId, federation::SubgraphId},
    value::{KeyId, Keys, ShapeEntry, ShapeId, Shapes},
};

/// What stands under a key on the wire: its key in the tree, and the type that it has in the subgraph.
type Meaning = (KeyId, Box<str>);

/// The keys on the wire at one place of an answer, whatever types its objects have: one key has one meaning.
#[derive(Default)]
pub(super) struct Scope {
    wires: AHashMap<Box<str>, (Meaning, Self)>,
}

/// Writes the fetches of one plan.
pub(super) struct Emitter<'e, 'a> {
    pub(super) draft: &'e Draft<'a>,
    pub(super) keys: &'e mut Keys,
    pub(super) shapes: &'e mut Shapes,
    /// The variables that are used, in the order in which they were seen.
    pub(super) variables: Vec<&'a str>,
    /// All response keys of the client.
    pub(super) taken: AHashSet<&'a str>,
    aliases: usize,
}

/// Where something is written to.
pub(super) struct Sink<'o> {
    pub(super) text: &'o mut String,
    pub(super) scope: &'o mut Scope,
    pub(super) shape: ShapeId,
}

type Fields = IndexMap<AskedId, Vec<SiteId>, ahash::RandomState>;

impl<'e, 'a> Emitter<'e, 'a> {
    pub(super) fn new(draft: &'e Draft<'a>, keys: &'e mut Keys, shapes: &'e mut Shapes) -> Self {
        let taken = draft.asked.all().map(|asked| asked.response_key).collect();
        Self { draft, keys, shapes, variables: Vec::new(), taken, aliases: 0 }
    }

    /// Writes what several selections on the same objects select together, braces included.
    pub(super) fn selection(&mut self, sites: &[SiteId], into: &mut Sink<'_>) {
        into.text.push('{');
        let start = into.text.len();
        self.fields(sites, into, start);
        if into.text.len() == start {
            // Whether there is an object is all that is asked.
            self.typename(into, start);
        }
        into.text.push('}');
    }

    fn fields(&mut self, sites: &[SiteId], into: &mut Sink<'_>, start: usize) {
        let draft = self.draft;
        let sites: Vec<_> = sites.iter().filter_map(|&site| draft.site(site)).collect();
        let Some(first) = sites.first() else { return };
        let Some(group) = draft.group(first.group) else { return };
        let (subgraph, declared) = (group.subgraph, first.declared);
        if sites.iter().any(|site| site.says_type) {
            self.typename(into, start);
        }
        let mut by_type: IndexMap<Option<TypeId>, Fields, ahash::RandomState> = IndexMap::default();
        by_type.entry(None).or_default();
        for site in &sites {
            for (&(_, asked), &(condition, below)) in &site.fields {
                by_type.entry(condition).or_default().entry(asked).or_default().extend(below);
            }
        }
        for (condition, fields) in by_type {
            if let Some(condition) = condition {
                separate(into.text, start);
                let _ = write!(into.text, "...on {}{{", draft.types.name(condition));
            }
            let from = if condition.is_some() { into.text.len() } else { start };
            for (asked, below) in fields {
                separate(into.text, from);
                self.field((condition.unwrap_or(declared), subgraph), (asked, &below), into);
            }
            if condition.is_some() {
                into.text.push('}');
            }
        }
    }

    fn typename(&mut self, into: &mut Sink<'_>, start: usize) {
        separate(into.text, start);
        into.text.push_str("__typename");
        self.entry(into.shape, "__typename", ("__typename", KeyId::TYPENAME), false);
    }

    fn field(
        &mut self,
        (of, subgraph): (TypeId, SubgraphId),
        (asked, below): (AskedId, &[SiteId]),
        into: &mut Sink<'_>,
    ) {
        let draft = self.draft;
        let asked = draft.field(asked);
        let there = draft.federation.field_in(of, asked.name, subgraph);
        let ty = there.map(|field| field.written_type.clone()).unwrap_or_default();
        let wire = self.wire(asked, ty, into.scope);
        if *wire == *asked.name {
            into.text.push_str(&wire);
        } else {
            let _ = write!(into.text, "{wire}: {}", asked.name);
        }
        into.text.push_str(&asked.arguments);
        for variable in &asked.variables {
            if !self.variables.contains(variable) {
                self.variables.push(variable);
            }
        }
        let child = self.entry(into.shape, &wire, (asked.name, asked.key), !below.is_empty());
        if let Some(shape) = child.filter(|_| !below.is_empty())
            && let Some((_, scope)) = into.scope.wires.get_mut(&wire)
        {
            self.selection(below, &mut Sink { text: into.text, scope, shape });
        }
    }

    /// The key on the wire of a field: what the client calls it, unless that means something else here, or could, as it
    /// is the name of another field.
    fn wire(&mut self, asked: &Asked<'a>, ty: Box<str>, scope: &mut Scope) -> Box<str> {
        let meaning = (asked.key, ty);
        if asked.response_key == asked.name || !self.draft.types.has_field(asked.response_key) {
            let known = scope.wires.get(asked.response_key).map(|(meaning, _)| meaning);
            if known.is_none_or(|known| *known == meaning) {
                let wire: Box<str> = asked.response_key.into();
                scope.wires.entry(wire.clone()).or_insert_with(|| (meaning, Scope::default()));
                return wire;
            }
        }
        if let Some((wire, _)) = scope.wires.iter().find(|(_, (of, _))| *of == meaning) {
            return wire.clone();
        }
        let mut wire: Box<str> = format!("alias_{}", asked.response_key).into();
        while self.taken.contains(&*wire) || scope.wires.contains_key(&wire) {
            self.aliases += 1;
            wire = format!("alias{}_{}", self.aliases, asked.response_key).into();
        }
        self.keys.note_alias(&wire, asked.response_key);
        scope.wires.insert(wire.clone(), (meaning, Scope::default()));
        wire
    }

    /// The entry of `wire` is made if need be; returns the shape below it.
    pub(super) fn entry(
        &mut self,
        into: ShapeId,
        wire: &str,
        (name, key): (&str, KeyId),
        is_composite: bool,
    ) -> Option<ShapeId> {
        let shapes = &mut *self.shapes;
        let known = shapes.get(into).and_then(|shape| shape.entries.iter().position(|entry| &*entry.wire == wire));
        let known_child = known.and_then(|at| shapes.get(into)?.entries.get(at)?.child);
        let child = if is_composite { known_child.or_else(|| Some(shapes.add())) } else { known_child };
        let shape = shapes.get_mut(into)?;
        match known.and_then(|at| shape.entries.get_mut(at)) {
            Some(entry) => entry.child = child,
            None => {
                let is_typename = name == "__typename";
                shape.entries.push(ShapeEntry { name: name.into(), key, is_typename, ..ShapeEntry::new(wire, child) });
            }
        }
        child
    }
}

/// Names need something between them; behind a bracket and after a brace they do not.
fn separate(text: &mut String, start: usize) {
    if text.len() > start && !text.ends_with('}') {
        text.push(' ');
    }
}
