//! Finds the objects at a path, and the places of an object in the client's response.

use std::ops::ControlFlow;

use ahash::{AHashMap, AHashSet};

use crate::{
    error::PathSegment,
    plan::{Path, PathStep},
    schema::{TypeId, TypeNames},
    value::{Keys, Object, Tree, Value},
};

/// The tree and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Grown<'a> {
    pub(super) tree: &'a Tree,
    pub(super) root: Object,
    pub(super) types: &'a TypeNames,
}

/// Calls `visit` with each object at a path; with those that stand in several places once.
pub(super) fn visit_objects(grown: Grown<'_>, path: &Path, visit: impl FnMut(Object)) {
    Visit { grown, seen: AHashSet::new(), visit }.object(grown.root, &path.0);
}

struct Visit<'a, F> {
    grown: Grown<'a>,
    /// What is shared and was visited, with how much of the path was left.
    seen: AHashSet<(u32, usize)>,
    visit: F,
}

impl<F: FnMut(Object)> Visit<'_, F> {
    fn object(&mut self, object: Object, steps: &[PathStep]) {
        match steps.split_first() {
            None => (self.visit)(object),
            Some((PathStep::Types(wanted), rest)) => {
                if self.grown.fits(object, wanted) {
                    self.object(object, rest);
                }
            }
            Some((PathStep::Field(place), rest)) => {
                let value = self.grown.tree.get(object, place.slot);
                self.value(value, rest);
            }
        }
    }

    fn value(&mut self, value: Value, steps: &[PathStep]) {
        match value {
            Value::Object(object) if self.is_new(object.is_shared, object.id(), steps) => self.object(object, steps),
            Value::List(list) if self.is_new(list.is_shared, list.id(), steps) => {
                for &item in self.grown.tree.items(list) {
                    self.value(item, steps);
                }
            }
            _ => {}
        }
    }

    fn is_new(&mut self, is_shared: bool, id: u32, steps: &[PathStep]) -> bool {
        !is_shared || self.seen.insert((id, steps.len()))
    }
}

impl Grown<'_> {
    /// An object of unknown type is taken: its subgraph was not asked because there is only one type.
    fn fits(&self, object: Object, wanted: &[TypeId]) -> bool {
        let fits = |ty| wanted.iter().any(|&wanted| self.types.fits(ty, wanted));
        self.tree.typename(object).is_none_or(fits)
    }
}

/// The first `at_most` places in the client's response where the objects of `wanted` (by their number) stand at `path`.
pub(super) fn places(
    grown: Grown<'_>,
    (path, keys): (&Path, &Keys),
    wanted: &AHashSet<u32>,
    at_most: usize,
) -> Vec<Vec<PathSegment>> {
    let mut places = Vec::new();
    let found = |place: &[PathSegment]| {
        places.push(place.to_vec());
        if places.len() < at_most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    if at_most > 0 {
        Search::of(grown, keys, wanted, found).run(path, false);
    }
    places
}

/// Makes `common` what it has in common with all places of the objects of `wanted` at `path`.
pub(super) fn narrow(
    grown: Grown<'_>,
    (path, keys): (&Path, &Keys),
    wanted: &AHashSet<u32>,
    common: &mut Option<Vec<PathSegment>>,
) {
    let found = |place: &[PathSegment]| {
        match common {
            None => *common = Some(place.to_vec()),
            Some(common) => {
                common.truncate(common.iter().zip(place).take_while(|(ours, theirs)| ours == theirs).count());
            }
        }
        ControlFlow::Continue(())
    };
    Search::of(grown, keys, wanted, found).run(path, true);
}

/// Looks for all places of objects. What is shared is searched again only when there is something to be found.
struct Search<'a, F> {
    grown: Grown<'a>,
    keys: &'a Keys,
    wanted: &'a AHashSet<u32>,
    found: F,
    /// Whether something was found in what is shared, with how much of the path was left.
    known: AHashMap<(u32, usize), bool>,
    /// Whether, of what is shared and was searched, the way to it stands for all that is in it.
    is_summary: bool,
    place: Vec<PathSegment>,
}

impl<'a, F: FnMut(&[PathSegment]) -> ControlFlow<()>> Search<'a, F> {
    fn of(grown: Grown<'a>, keys: &'a Keys, wanted: &'a AHashSet<u32>, found: F) -> Self {
        Self { grown, keys, wanted, found, known: AHashMap::new(), is_summary: false, place: Vec::new() }
    }

    fn run(mut self, path: &Path, is_summary: bool) {
        self.is_summary = is_summary;
        let _ = self.object(self.grown.root, &path.0);
    }

    /// Whether something was found; breaks off when that is enough.
    fn object(&mut self, object: Object, steps: &[PathStep]) -> ControlFlow<(), bool> {
        match steps.split_first() {
            None if self.wanted.contains(&object.id()) => {
                (self.found)(&self.place)?;
                ControlFlow::Continue(true)
            }
            None => ControlFlow::Continue(false),
            Some((PathStep::Types(wanted), _)) if !self.grown.fits(object, wanted) => ControlFlow::Continue(false),
            Some((PathStep::Types(_), rest)) => self.object(object, rest),
            Some((PathStep::Field(place), rest)) => {
                let value = self.grown.tree.get(object, place.slot);
                self.place.push(PathSegment::Key(self.keys.client_name(self.keys.name(place.key)).to_owned()));
                let found = self.value(value, rest)?;
                self.place.pop();
                ControlFlow::Continue(found)
            }
        }
    }

    fn value(&mut self, value: Value, steps: &[PathStep]) -> ControlFlow<(), bool> {
        let shared = match value {
            Value::Object(object) => object.is_shared.then_some((object.id(), steps.len())),
            Value::List(list) => list.is_shared.then_some((list.id(), steps.len())),
            _ => return ControlFlow::Continue(false),
        };
        match shared.and_then(|shared| self.known.get(&shared)) {
            Some(false) => return ControlFlow::Continue(false),
            Some(true) if self.is_summary => {
                (self.found)(&self.place)?;
                return ControlFlow::Continue(true);
            }
            _ => {}
        }
        let found = self.inside(value, steps)?;
        if let Some(shared) = shared {
            self.known.insert(shared, found);
        }
        ControlFlow::Continue(found)
    }

    fn inside(&mut self, value: Value, steps: &[PathStep]) -> ControlFlow<(), bool> {
        let list = match value {
            Value::Object(object) => return self.object(object, steps),
            Value::List(list) => list,
            _ => return ControlFlow::Continue(false),
        };
        let mut found = false;
        let tree = self.grown.tree;
        for (index, &item) in tree.items(list).iter().enumerate() {
            self.place.push(PathSegment::Index(index));
            found |= self.value(item, steps)?;
            self.place.pop();
        }
        ControlFlow::Continue(found)
    }
}
