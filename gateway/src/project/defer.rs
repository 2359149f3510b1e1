//! The `@defer`s of an operation, compiled.

use ahash::AHashMap;
use graphql_tools::{parser::query::Value as AstValue, static_graphql::query::Directive};
use serde_json::{Map, Value as Json};

use super::{Condition, SelectionId, all_hold};
use crate::weight::owns;

/// The number of a `@defer` within one operation, counted where it stands in the response: one in a fragment that is
/// spread twice is two, and one in a list is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeferId(pub u32);

/// One `@defer`.
#[derive(Debug)]
pub struct Defer {
    /// What the client calls it.
    pub label: Option<Box<str>>,
    /// The variable that switches it on; `None` when it always is.
    variable: Option<Box<str>>,
    /// The `@defer` that it stands in.
    pub parent: Option<DeferId>,
}

/// A `@defer` whose fragment is on the objects of a selection.
#[derive(Debug)]
pub struct DeferStart {
    /// Which.
    pub defer: DeferId,
    /// It is there when all conditions of any hold.
    alternatives: Vec<Vec<Condition>>,
}

impl DeferStart {
    /// Whether `variables` select its fragment.
    #[must_use]
    pub fn is_selected(&self, variables: &Map<String, Json>) -> bool {
        self.alternatives.iter().any(|conditions| all_hold(conditions, variables))
    }
}

/// All `@defer`s of one operation.
#[derive(Debug, Default)]
pub struct Defers {
    all: Vec<Defer>,
    starts: AHashMap<u32, Vec<DeferStart>>,
}

impl Defers {
    /// Whether the operation has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// All numbers.
    pub fn ids(&self) -> impl Iterator<Item = DeferId> + use<> {
        (0..u32::try_from(self.all.len()).unwrap_or(u32::MAX)).map(DeferId)
    }

    /// The `@defer` of a number.
    #[must_use]
    pub fn get(&self, id: DeferId) -> Option<&Defer> {
        self.all.get(id.0 as usize)
    }

    /// Those whose fragments are on the objects of a selection.
    #[must_use]
    pub fn starts(&self, selection: SelectionId) -> &[DeferStart] {
        self.starts.get(&selection.0).map_or(&[], Vec::as_slice)
    }

    /// The innermost of `defer` and those around it that `variables` switch on.
    #[must_use]
    pub fn active(&self, defer: Option<DeferId>, variables: &Map<String, Json>) -> Option<DeferId> {
        std::iter::successors(defer, |&defer| self.get(defer)?.parent)
            .find(|&defer| self.get(defer).is_some_and(|defer| defer.is_active(variables)))
    }

    pub(super) fn set_starts(&mut self, selection: SelectionId, starts: Vec<DeferStart>) {
        if !starts.is_empty() {
            self.starts.insert(selection.0, starts);
        }
    }
}

impl Defer {
    fn is_active(&self, variables: &Map<String, Json>) -> bool {
        let Some(variable) = &self.variable else { return true };
        // What is not given has the argument's default.
        variables.get(&**variable).is_none_or(|value| *value == Json::Bool(true))
    }
}

/// What makes a `@defer` one: the directive, what it stands in, and the selection sets whose objects it is on.
type Identity = (usize, Option<DeferId>, Vec<usize>);

/// Numbers the `@defer`s of one operation.
#[derive(Debug, Default)]
pub(super) struct DeferNumbers {
    pub(super) defers: Defers,
    known: AHashMap<Identity, DeferId>,
}

impl DeferNumbers {
    /// The innermost `@defer` inside of a fragment with `directives` that itself stands in `outer`; one that begins here
    /// is added to `starts`.
    pub(super) fn enter(
        &mut self,
        directives: &[Directive],
        outer: Option<DeferId>,
        (on, conditions, starts): (&[usize], &[Condition], &mut Vec<DeferStart>),
    ) -> Option<DeferId> {
        let Some(directive) = directives.iter().find(|directive| directive.name == "defer") else { return outer };
        let argument = |name: &str| directive.arguments.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let variable = match argument("if") {
            Some(AstValue::Boolean(false) | AstValue::Null) => return outer,
            Some(AstValue::Variable(name)) => Some(name.as_str().into()),
            _ => None,
        };
        let label = match argument("label") {
            Some(AstValue::String(label)) => Some(label.as_str().into()),
            _ => None,
        };
        let identity = (std::ptr::from_ref(directive) as usize, outer, on.to_vec());
        let id = *self.known.entry(identity).or_insert_with(|| {
            let id = DeferId(u32::try_from(self.defers.all.len()).unwrap_or(u32::MAX));
            self.defers.all.push(Defer { label, variable, parent: outer });
            id
        });
        match starts.iter_mut().find(|start| start.defer == id) {
            Some(start) => start.alternatives.push(conditions.to_vec()),
            None => starts.push(DeferStart { defer: id, alternatives: vec![conditions.to_vec()] }),
        }
        Some(id)
    }
}

owns!(Defer: label, variable);
owns!(DeferStart: alternatives);
owns!(Defers: all, starts);
