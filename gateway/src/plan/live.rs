//! `@live` on a query: what the client wants, as the document says it.

use serde_json::{Map, Value};

use super::PreparedOperation;
use crate::parse::ast::{Directive, OperationDefinition, ValueKind};

/// The name of the directive.
pub(super) const LIVE: &str = "live";

/// An argument, as it is written.
#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Absent,
    Constant(Value),
    Variable(Box<str>),
}

/// The directive of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LiveDirective {
    is_on: Argument,
    patch: Argument,
    throttle: Argument,
}

/// How a query is kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LiveWishes {
    /// Whether changes come as patches of the answer before.
    pub patch: bool,
    /// At most one answer in this time, in milliseconds.
    pub throttle_ms: Option<i64>,
}

impl LiveDirective {
    pub(super) fn of(operation: &OperationDefinition<'_>) -> Option<Self> {
        let directive = operation.directives.iter().find(|directive| directive.name.text == LIVE)?;
        let read = |name| argument(directive, name);
        Some(Self { is_on: read("if"), patch: read("patch"), throttle: read("throttle") })
    }

    /// What it says with these variables, which are coerced; `None` when it is switched off.
    fn wishes(&self, variables: &Map<String, Value>) -> Option<LiveWishes> {
        let is_on = self.is_on.value(variables).and_then(Value::as_bool).unwrap_or(true);
        let patch = self.patch.value(variables).and_then(Value::as_bool).unwrap_or(false);
        let throttle_ms = self.throttle.value(variables).and_then(Value::as_i64);
        is_on.then_some(LiveWishes { patch, throttle_ms })
    }
}

impl Argument {
    fn value<'v>(&'v self, variables: &'v Map<String, Value>) -> Option<&'v Value> {
        match self {
            Self::Absent => None,
            Self::Constant(value) => Some(value),
            Self::Variable(name) => variables.get(&**name),
        }
    }
}

fn argument(directive: &Directive<'_>, name: &str) -> Argument {
    let Some(argument) = directive.arguments.iter().find(|argument| argument.name.text == name) else {
        return Argument::Absent;
    };
    match &argument.value.kind {
        ValueKind::Variable(variable) => Argument::Variable(variable.text.into()),
        ValueKind::Boolean(value) => Argument::Constant(Value::Bool(*value)),
        ValueKind::Int(text) => {
            text.parse::<i64>().map_or(Argument::Absent, |number| Argument::Constant(number.into()))
        }
        // Validation lets nothing else through, apart from null.
        _ => Argument::Absent,
    }
}

impl PreparedOperation {
    /// Whether `@live` stands on it, be it switched on or off.
    #[must_use]
    pub fn may_live(&self) -> bool {
        self.live_directive().is_some()
    }

    /// How the client wants it kept alive; `None` when it does not. The variables are those that the client sent.
    #[must_use]
    pub fn live_wishes(&self, given: &Map<String, Value>) -> Option<LiveWishes> {
        let directive = self.live_directive()?;
        let defaults = self.variables().iter().filter(|variable| !given.contains_key(&variable.name));
        let mut variables = given.clone();
        variables.extend(defaults.filter_map(|it| Some((it.name.clone(), it.default.clone()?))));
        directive.wishes(&variables)
    }
}
