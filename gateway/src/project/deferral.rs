//! What projection leaves for later: where in the response the fields are that are written then, and whose they are.

use super::{DeferId, DeferSetId, OutputId, Parts, SelectionId, View};
use crate::{
    error::PathSegment,
    operation::DeferForm,
    schema::TypeId,
    value::{Object, SlotId, Tree, Value},
};

/// The number of a task within one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub usize);

/// The number of a deferred fragment at one place of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub usize);

/// A step from a value to one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// Into a field, by its slot.
    Field(SlotId),
    /// To an item of a list.
    Index(usize),
}

/// An object in the response.
#[derive(Debug, Clone, Default)]
pub struct Spot {
    /// Where the client finds it.
    pub path: Vec<PathSegment>,
    pub(super) hops: Vec<Hop>,
}

impl Spot {
    /// The object, found again in a tree that has grown.
    pub(super) fn find(&self, tree: &Tree, root: Object) -> Option<Object> {
        let value = self.hops.iter().try_fold(Value::Object(root), |value, hop| match (value, hop) {
            (Value::Object(object), Hop::Field(slot)) => Some(tree.get(object, *slot)),
            (Value::List(list), Hop::Index(index)) => tree.items(list).get(*index).copied(),
            _ => None,
        });
        match value {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }
}

/// Fields of one object that are written together.
#[derive(Debug)]
pub struct Task {
    /// Which fields.
    pub view: View,
    /// The object.
    pub spot: Spot,
    /// The deferred fragments that they belong to.
    pub groups: Vec<GroupId>,
    pub(super) output: OutputId,
    pub(super) ty: Option<TypeId>,
    scope: Option<usize>,
}

/// A deferred fragment at one place of the response.
#[derive(Debug)]
pub struct Group {
    /// Its `@defer`.
    pub defer: DeferId,
    /// Where it is.
    pub path: Vec<PathSegment>,
    /// The deferred fragment that it is in.
    pub parent: Option<GroupId>,
}

/// The innermost of the deferred fragments around a place, and those around that one.
#[derive(Debug)]
struct Scope {
    defer: DeferId,
    group: GroupId,
    outer: Option<usize>,
}

/// How much was known at some moment.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    groups: usize,
    tasks: usize,
    scopes: usize,
}

/// All that is left for later in one request.
pub struct Deferral<'a> {
    /// Which fields belong where.
    pub parts: Parts<'a>,
    form: DeferForm,
    groups: Vec<Group>,
    tasks: Vec<Task>,
    scopes: Vec<Scope>,
}

impl<'a> Deferral<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new(parts: Parts<'a>, form: DeferForm) -> Self {
        Self { parts, form, groups: Vec::new(), tasks: Vec::new(), scopes: Vec::new() }
    }

    /// In which form the client hears of it.
    #[must_use]
    pub const fn form(&self) -> DeferForm {
        self.form
    }

    /// The deferred fragments, those around others before those.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The tasks, in the order in which they were found.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// How much is known now.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark { groups: self.groups.len(), tasks: self.tasks.len(), scopes: self.scopes.len() }
    }

    /// Forgets what was found since `mark`.
    pub fn forget_since(&mut self, mark: Mark) {
        self.groups.truncate(mark.groups);
        self.tasks.truncate(mark.tasks);
        self.scopes.truncate(mark.scopes);
    }

    /// Notes what of an object is written later than `view`, and which deferred fragments begin there; returns the scope
    /// of what is below. With `is_begun` the object is that of a task, and was noted when the task was.
    pub(super) fn visit(
        &mut self,
        at: &Visited<'_>,
        (view, is_begun): (View, bool),
        scope: Option<usize>,
    ) -> Option<usize> {
        let parts = self.parts.of(at.selection);
        match self.form {
            DeferForm::Fragments => {
                let around = match view {
                    View::Fragment(defer) => Some(defer),
                    View::Set(_) => None,
                };
                // Another walk of the same object finds those that stand in other fragments.
                let mut inner = scope;
                for &(defer, parent) in parts.starts.iter().filter(|(_, parent)| *parent == around) {
                    inner = self.begin((defer, parent), at, inner);
                    let group = GroupId(self.groups.len() - 1);
                    self.add_task(View::Fragment(defer), vec![group], at, inner);
                }
                // The scopes of siblings do not matter here, as each fragment is walked by itself.
                scope
            }
            DeferForm::Pending => {
                if is_begun {
                    return scope;
                }
                let mut inner = scope;
                for &start in &parts.starts {
                    inner = self.begin(start, at, inner);
                }
                for set in parts.sets().filter(|&set| View::Set(set) != view && set != DeferSetId::NONE) {
                    let groups: Vec<GroupId> =
                        self.parts.set(set).iter().filter_map(|&defer| self.group_of(defer, inner)).collect();
                    self.add_task(View::Set(set), groups, at, inner);
                }
                inner
            }
        }
    }

    fn begin(
        &mut self,
        (defer, parent): (DeferId, Option<DeferId>),
        at: &Visited<'_>,
        outer: Option<usize>,
    ) -> Option<usize> {
        let parent = parent.and_then(|parent| self.group_of(parent, outer));
        let group = GroupId(self.groups.len());
        self.groups.push(Group { defer, path: (at.spot)().path, parent });
        self.scopes.push(Scope { defer, group, outer });
        Some(self.scopes.len() - 1)
    }

    fn add_task(&mut self, view: View, groups: Vec<GroupId>, at: &Visited<'_>, scope: Option<usize>) {
        self.tasks.push(Task { view, spot: (at.spot)(), groups, output: at.output, ty: at.ty, scope });
    }

    fn group_of(&self, defer: DeferId, scope: Option<usize>) -> Option<GroupId> {
        let mut scope = scope.and_then(|scope| self.scopes.get(scope));
        while let Some(at) = scope {
            if at.defer == defer {
                return Some(at.group);
            }
            scope = at.outer.and_then(|outer| self.scopes.get(outer));
        }
        None
    }

    pub(super) fn scope_of(&self, task: TaskId) -> Option<usize> {
        self.tasks.get(task.0)?.scope
    }
}

/// An object that is being written.
pub(super) struct Visited<'v> {
    pub(super) selection: SelectionId,
    pub(super) output: OutputId,
    pub(super) ty: Option<TypeId>,
    /// Where it is; asked for only when something is left for later.
    pub(super) spot: &'v dyn Fn() -> Spot,
}
