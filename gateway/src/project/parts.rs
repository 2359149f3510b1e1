//! Which fields of a selection belong to which part of the response, for the variables of one request.
//!
//! The rules are those of the specification's proposal for incremental delivery: a field that is selected outside of all
//! deferred fragments as well is not deferred, and one that several deferred fragments select is sent once, with the
//! first of them; a fragment inside of another waits for it.

use std::sync::Arc;

use ahash::AHashMap;
use serde_json::{Map, Value as Json};

use super::{DeferId, Field, Projection, SelectionId, all_hold};

/// A set of `@defer`s that fields are selected by; its number within one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeferSetId(u32);

impl DeferSetId {
    /// The set of fields that are not deferred.
    pub const NONE: Self = Self(0);
}

/// A part of the response, as far as it decides which fields are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The fields that exactly these `@defer`s select.
    Set(DeferSetId),
    /// All fields of the fragment of this `@defer`, whoever else selects them.
    Fragment(DeferId),
}

/// What of one selection belongs where.
#[derive(Debug, Default)]
pub struct SelectionParts {
    /// The places in the selection of the fields of each view, in the client's order.
    views: Vec<(View, Vec<u32>)>,
    /// The active `@defer`s whose fragments are on the selection's objects, each with the one around it.
    pub starts: Vec<(DeferId, Option<DeferId>)>,
}

impl SelectionParts {
    /// The places in the selection of the fields of a view, in the client's order.
    #[must_use]
    pub fn fields(&self, view: View) -> &[u32] {
        self.views.iter().find(|(known, _)| *known == view).map_or(&[], |(_, fields)| fields)
    }

    /// The sets of `@defer`s that some field is selected by.
    pub fn sets(&self) -> impl Iterator<Item = DeferSetId> {
        self.views.iter().filter_map(|(view, _)| match view {
            View::Set(set) => Some(*set),
            View::Fragment(_) => None,
        })
    }

    /// The set of the field at a place; `None` when it is not selected.
    #[must_use]
    pub fn set_of(&self, place: u32) -> Option<DeferSetId> {
        self.sets().find(|&set| self.fields(View::Set(set)).contains(&place))
    }

    /// The `@defer`s whose fragments have the field at a place.
    pub fn defers_of(&self, place: u32) -> impl Iterator<Item = DeferId> {
        self.views.iter().filter_map(move |(view, fields)| match view {
            View::Fragment(defer) if fields.contains(&place) => Some(*defer),
            View::Set(_) | View::Fragment(_) => None,
        })
    }

    fn add(&mut self, view: View, place: u32) {
        match self.views.iter_mut().find(|(known, _)| *known == view) {
            Some((_, fields)) => fields.push(place),
            None => self.views.push((view, vec![place])),
        }
    }
}

/// The parts of the selections of one request.
pub struct Parts<'a> {
    projection: &'a Projection,
    variables: Map<String, Json>,
    /// The first is empty.
    sets: Vec<Vec<DeferId>>,
    known: AHashMap<u32, Arc<SelectionParts>>,
}

impl<'a> Parts<'a> {
    /// The parts of `projection` for these variables.
    #[must_use]
    pub fn new(projection: &'a Projection, variables: Map<String, Json>) -> Self {
        Self { projection, variables, sets: vec![Vec::new()], known: AHashMap::new() }
    }

    /// The client's selection.
    #[must_use]
    pub const fn projection(&self) -> &'a Projection {
        self.projection
    }

    /// The `@defer`s of a set.
    #[must_use]
    pub fn set(&self, set: DeferSetId) -> &[DeferId] {
        self.sets.get(set.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The `@defer`s around one, the nearest first.
    pub fn around(&self, defer: DeferId) -> impl Iterator<Item = DeferId> {
        let outer = |defer: &DeferId| self.projection.defers.get(*defer)?.parent;
        std::iter::successors(outer(&defer), outer)
    }

    /// The parts of a selection.
    pub fn of(&mut self, selection: SelectionId) -> Arc<SelectionParts> {
        if let Some(known) = self.known.get(&selection.0) {
            return Arc::clone(known);
        }
        let parts = Arc::new(self.divide(selection));
        self.known.insert(selection.0, Arc::clone(&parts));
        parts
    }

    fn divide(&mut self, selection: SelectionId) -> SelectionParts {
        let Projection { selections, defers, .. } = self.projection;
        let mut parts = SelectionParts::default();
        for start in defers.starts(selection) {
            let is_active = defers.active(Some(start.defer), &self.variables) == Some(start.defer);
            if is_active && start.is_selected(&self.variables) {
                let parent = defers.get(start.defer).and_then(|defer| defer.parent);
                parts.starts.push((start.defer, defers.active(parent, &self.variables)));
            }
        }
        let fields = selections.get(selection);
        for place in selections.order(selection, &self.variables) {
            let Some(field) = fields.get(place as usize) else { continue };
            let selected_by = self.selected_by(field);
            for defer in selected_by.iter().flatten() {
                parts.add(View::Fragment(*defer), place);
            }
            let set = self.set_for(&selected_by);
            parts.add(View::Set(set), place);
        }
        parts
    }

    /// The active `@defer`s that select a field, each once; `None` among them when it is selected outside of all.
    fn selected_by(&self, field: &Field) -> Vec<Option<DeferId>> {
        let counts = field.deferred.iter().filter(|it| all_hold(&it.alternative.conditions, &self.variables));
        let mut selected_by: Vec<Option<DeferId>> =
            counts.map(|it| self.projection.defers.active(it.defer, &self.variables)).collect();
        selected_by.sort_unstable();
        selected_by.dedup();
        selected_by
    }

    /// Without those that stand in another one of them.
    fn set_for(&mut self, selected_by: &[Option<DeferId>]) -> DeferSetId {
        if selected_by.contains(&None) {
            return DeferSetId::NONE;
        }
        let around = |defer: DeferId| {
            std::iter::successors(self.parent(defer), |&outer| self.parent(outer))
                .any(|outer| selected_by.contains(&Some(outer)))
        };
        let set: Vec<DeferId> = selected_by.iter().flatten().copied().filter(|&defer| !around(defer)).collect();
        let known = self.sets.iter().position(|known| *known == set);
        let number = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        DeferSetId(u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn parent(&self, defer: DeferId) -> Option<DeferId> {
        self.projection.defers.get(defer)?.parent
    }
}
