//! Errors of subgraphs, until the part is told that they belong to.

use crate::{
    error::GraphqlError,
    project::{DeferId, DeferSetId, Deferral, Task, View},
};

/// An error of a subgraph.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// The error.
    pub error: GraphqlError,
    /// The `@defer`s that select the field at its path.
    pub owner: DeferSetId,
    /// The step that raised it, unless it ran before anything was told.
    pub step: Option<usize>,
}

/// Errors that the client has heard of, and those that it has not.
#[derive(Debug, Default)]
pub struct RaisedErrors {
    waiting: Vec<Raised>,
    told: Vec<GraphqlError>,
    /// From here on, `told` is of a group that may fail yet.
    settled: usize,
}

impl RaisedErrors {
    /// Those that the client has heard of with the first part, and those that belong to parts that come later.
    #[must_use]
    pub const fn new(told: Vec<GraphqlError>, waiting: Vec<Raised>) -> Self {
        Self { waiting, settled: told.len(), told }
    }

    /// Adds an error.
    pub fn add(&mut self, raised: Raised) {
        self.waiting.push(raised);
    }

    /// What the client has heard of.
    #[must_use]
    pub fn told(&self) -> &[GraphqlError] {
        &self.told
    }

    /// The errors that are told with `task`; `needs` says which steps a `@defer` needs.
    #[must_use]
    pub fn of(
        &self,
        task: &Task,
        deferral: &Deferral<'_>,
        needs: impl Fn(DeferId, usize) -> bool,
    ) -> Vec<GraphqlError> {
        let is_of = |raised: &&Raised| {
            let path = raised.error.path.as_deref().unwrap_or_default();
            let owners = deferral.parts.set(raised.owner);
            let is_below = path.starts_with(&task.spot.path);
            let (is_own, is_of_outer) = match task.view {
                View::Set(set) => (set == raised.owner, owners.is_empty()),
                View::Fragment(defer) => {
                    let around = |owner: &DeferId| deferral.parts.around(defer).any(|outer| outer == *owner);
                    (owners.contains(&defer), owners.is_empty() || owners.iter().any(around))
                }
            };
            if is_below && is_own && !owners.is_empty() {
                return true;
            }
            // What stands above the task, and what it has from a part around it, was told before; what the error explains
            // is in the task when it needs the step.
            let is_known = task.spot.path.starts_with(path) || (is_below && is_of_outer);
            let groups = task.groups.iter().filter_map(|group| deferral.groups().get(group.0));
            let is_needed = |defer| raised.step.is_some_and(|step| needs(defer, step));
            is_known && groups.map(|group| group.defer).any(is_needed)
        };
        let is_told = |raised: &&Raised| self.told.iter().skip(self.settled).any(|told| *told == raised.error);
        self.waiting.iter().filter(|raised| is_of(raised) && !is_told(raised)).map(|it| it.error.clone()).collect()
    }

    /// Notes that the client hears of `errors`, unless [`Self::settle`] says otherwise.
    pub fn tell(&mut self, errors: &[GraphqlError]) {
        self.told.extend_from_slice(errors);
    }

    /// Ends a group; `failed` are the errors that are told instead of its own.
    pub fn settle(&mut self, failed: Option<&[GraphqlError]>) {
        if let Some(errors) = failed {
            self.told.truncate(self.settled);
            self.told.extend_from_slice(errors);
        }
        let new = self.told.get(self.settled..).unwrap_or_default();
        self.waiting.retain(|raised| !new.contains(&raised.error));
        self.settled = self.told.len();
    }
}
