//! Decides what is told next.

use super::payload::{Completed, Increment, Payload, Pending};
use crate::{
    error::{GraphqlError, code},
    operation::DeferForm,
    project::{DeferId, Deferral, GroupId, Projected, TaskId},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskState {
    Waiting,
    Told,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GroupState {
    /// The client has not heard of it.
    Hidden,
    /// The client waits for it, under this number.
    Pending(usize),
    Done,
    /// It has no value, nor has what is in it.
    Failed,
}

/// What the client has been told of the deferred fragments.
#[derive(Debug, Default)]
pub struct Publisher {
    groups: Vec<GroupState>,
    tasks: Vec<TaskState>,
    /// Of each group.
    tasks_of: Vec<Vec<TaskId>>,
    /// What the client waits for.
    open: Vec<(GroupId, usize)>,
    announced: usize,
}

/// Writes the tasks of groups.
pub trait WriteTask<'p> {
    /// Writes one task.
    ///
    /// # Errors
    ///
    /// Why it has no value.
    fn write(&mut self, task: TaskId, deferral: &mut Deferral<'p>) -> Result<Projected, Vec<GraphqlError>>;

    /// All tasks of a group are written, or, with the errors that are told of it, the group has no value.
    fn settle(&mut self, failed: Option<&[GraphqlError]>);
}

/// What was written of a group's tasks, or why the first of them could not be.
type Written = Result<Vec<(TaskId, Projected)>, (TaskId, Vec<GraphqlError>)>;

impl Publisher {
    /// Announces what projection found and can be waited for from now on.
    pub fn announce(&mut self, deferral: &Deferral<'_>) -> Vec<Pending> {
        self.take_notice(deferral);
        let mut pending = Vec::new();
        // Fragments come before those inside of them.
        for (index, group) in deferral.groups().iter().enumerate() {
            let parent = group.parent.and_then(|parent| self.groups.get(parent.0).copied());
            let is_its_turn = parent.is_none_or(|parent| parent == GroupState::Done);
            if !is_its_turn || self.groups.get(index) != Some(&GroupState::Hidden) {
                continue;
            }
            let states: Vec<TaskState> = self.tasks_of(GroupId(index)).map(|(_, state)| state).collect();
            let state = if states.contains(&TaskState::Failed) {
                GroupState::Failed
            } else if states.contains(&TaskState::Waiting) {
                let id = self.announced;
                self.announced += 1;
                let label = label(deferral, group.defer);
                pending.push(Pending { id: id.to_string(), path: group.path.clone(), label });
                self.open.push((GroupId(index), id));
                GroupState::Pending(id)
            } else {
                // All that is in it has come with something else.
                GroupState::Done
            };
            if let Some(known) = self.groups.get_mut(index) {
                *known = state;
            }
        }
        pending
    }

    /// Whether the client waits for something.
    #[must_use]
    pub const fn has_next(&self) -> bool {
        !self.open.is_empty()
    }

    /// Writes all that can be told now; `is_ready` says whether the fetches of a `@defer` are done. Returns nothing when
    /// nothing is ready.
    pub fn advance<'p>(
        &mut self,
        deferral: &mut Deferral<'p>,
        is_ready: impl Fn(DeferId) -> bool,
        writer: &mut impl WriteTask<'p>,
    ) -> Option<Payload> {
        let mut payload = Payload::default();
        loop {
            let ready: Vec<(GroupId, usize)> =
                self.open.iter().copied().filter(|(group, _)| self.is_ready(*group, deferral, &is_ready)).collect();
            if ready.is_empty() {
                break;
            }
            for (group, id) in ready {
                // One before it may have taken it along when it failed.
                if self.groups.get(group.0) == Some(&GroupState::Pending(id)) {
                    self.finish((group, id), deferral, writer, &mut payload);
                }
            }
            let groups = &self.groups;
            self.open.retain(|(group, id)| groups.get(group.0) == Some(&GroupState::Pending(*id)));
            // What waited for these may be there as well.
            payload.pending.extend(self.announce(deferral));
        }
        payload.has_next = self.has_next();
        let is_empty = payload.increments.is_empty() && payload.completed.is_empty();
        (!is_empty).then_some(payload)
    }

    fn is_ready(&self, group: GroupId, deferral: &Deferral<'_>, is_ready: &impl Fn(DeferId) -> bool) -> bool {
        deferral.groups().get(group.0).is_some_and(|group| is_ready(group.defer))
            || self.tasks_of(group).all(|(_, state)| state == TaskState::Told)
    }

    fn finish<'p>(
        &mut self,
        (group, id): (GroupId, usize),
        deferral: &mut Deferral<'p>,
        writer: &mut impl WriteTask<'p>,
        payload: &mut Payload,
    ) {
        let before = deferral.mark();
        match self.write_group(group, deferral, writer) {
            Ok(written) => {
                writer.settle(None);
                self.take_notice(deferral);
                for (task, projected) in written {
                    payload.increments.push(self.increment((group, id), task, projected, deferral));
                }
                self.set(group, GroupState::Done);
                payload.completed.push(Completed { id: id.to_string(), errors: Vec::new() });
            }
            Err((task, errors)) => {
                let errors = with_reason(errors, task, deferral);
                // It may be one that was found just now.
                let groups = deferral.tasks().get(task.0).map(|task| task.groups.clone()).unwrap_or_default();
                deferral.forget_since(before);
                writer.settle(Some(&errors));
                self.fail((task, &groups), &errors, deferral, payload);
            }
        }
    }

    /// Takes notice of what projection found since the last time.
    fn take_notice(&mut self, deferral: &Deferral<'_>) {
        self.groups.resize(deferral.groups().len(), GroupState::Hidden);
        self.tasks_of.resize_with(deferral.groups().len(), Vec::new);
        for (index, task) in deferral.tasks().iter().enumerate().skip(self.tasks.len()) {
            self.tasks.push(TaskState::Waiting);
            for group in &task.groups {
                if let Some(tasks) = self.tasks_of.get_mut(group.0) {
                    tasks.push(TaskId(index));
                }
            }
        }
    }

    /// Writes the tasks of a group, and those of it that are found on the way.
    fn write_group<'p>(&self, group: GroupId, deferral: &mut Deferral<'p>, writer: &mut impl WriteTask<'p>) -> Written {
        let tasks = self.tasks_of(group).filter(|(_, state)| *state == TaskState::Waiting);
        let mut tasks: Vec<TaskId> = tasks.map(|(task, _)| task).collect();
        let mut written = Vec::with_capacity(tasks.len());
        let mut noticed = deferral.tasks().len();
        while let Some(&task) = tasks.get(written.len()) {
            let projected = writer.write(task, deferral).map_err(|errors| (task, errors))?;
            written.push((task, projected));
            let found = deferral.tasks().iter().enumerate().skip(noticed);
            tasks.extend(found.filter(|(_, task)| task.groups.contains(&group)).map(|(index, _)| TaskId(index)));
            noticed = deferral.tasks().len();
        }
        Ok(written)
    }

    fn increment(
        &mut self,
        (group, id): (GroupId, usize),
        task: TaskId,
        projected: Projected,
        deferral: &Deferral<'_>,
    ) -> Increment {
        if let Some(state) = self.tasks.get_mut(task.0) {
            *state = TaskState::Told;
        }
        let depth = |group: GroupId| deferral.groups().get(group.0).map_or(0, |group| group.path.len());
        let defer = deferral.groups().get(group.0).map(|group| group.defer);
        let (path, groups) = deferral.tasks().get(task.0).map(|task| (&task.spot.path, &task.groups)).unzip();
        // Of the fragments that it is in, the client gets it by the one that is nearest.
        let mut nearest = (id, depth(group));
        for &other in groups.into_iter().flatten() {
            if let Some(GroupState::Pending(id)) = self.groups.get(other.0)
                && depth(other) > nearest.1
            {
                nearest = (*id, depth(other));
            }
        }
        Increment {
            id: nearest.0.to_string(),
            path: path.cloned().unwrap_or_default(),
            fragment_depth: nearest.1,
            label: defer.and_then(|defer| label(deferral, defer)),
            data: Some(projected.data),
            errors: projected.errors,
        }
    }

    /// Ends all fragments that have a task that has no value.
    fn fail(
        &mut self,
        (task, groups): (TaskId, &[GroupId]),
        errors: &[GraphqlError],
        deferral: &Deferral<'_>,
        payload: &mut Payload,
    ) {
        if let Some(state) = self.tasks.get_mut(task.0) {
            *state = TaskState::Failed;
        }
        for &group in groups {
            let Some(GroupState::Pending(id)) = self.groups.get(group.0).copied() else { continue };
            self.set(group, GroupState::Failed);
            let Some(known) = deferral.groups().get(group.0) else { continue };
            match deferral.form() {
                DeferForm::Pending => {
                    payload.completed.push(Completed { id: id.to_string(), errors: errors.to_vec() });
                }
                DeferForm::Fragments => payload.increments.push(Increment {
                    id: id.to_string(),
                    path: known.path.clone(),
                    fragment_depth: known.path.len(),
                    label: label(deferral, known.defer),
                    data: None,
                    errors: errors.to_vec(),
                }),
            }
        }
    }

    fn set(&mut self, group: GroupId, to: GroupState) {
        if let Some(state) = self.groups.get_mut(group.0) {
            *state = to;
        }
    }

    fn tasks_of(&self, group: GroupId) -> impl Iterator<Item = (TaskId, TaskState)> {
        let tasks = self.tasks_of.get(group.0).into_iter().flatten();
        tasks.filter_map(|&task| Some((task, *self.tasks.get(task.0)?)))
    }
}

/// A fragment that has no value says why, also where the client has heard of it before.
fn with_reason(mut errors: Vec<GraphqlError>, task: TaskId, deferral: &Deferral<'_>) -> Vec<GraphqlError> {
    if errors.is_empty() {
        let message = "Cannot return null for a non-nullable field of the deferred fragment.";
        let path = deferral.tasks().get(task.0).map(|task| task.spot.path.clone());
        let error = GraphqlError::new(code::INVALID_SUBGRAPH_RESPONSE, message);
        errors.push(GraphqlError { path, ..error });
    }
    errors
}

fn label(deferral: &Deferral<'_>, defer: DeferId) -> Option<String> {
    deferral.parts.projection().defers.get(defer)?.label.as_deref().map(str::to_owned)
}
