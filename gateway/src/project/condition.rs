//! `@skip` and `@include` with variables.

use graphql_tools::{parser::query::Value as AstValue, static_graphql::query::Directive};
use serde_json::{Map, Value};

use crate::weight::owns;

/// A truth value that a variable must have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The variable's name.
    pub variable: String,
    /// `true` for `@include`, `false` for `@skip`.
    pub equals: bool,
}

impl Condition {
    /// Whether the variable has the wanted value.
    #[must_use]
    pub fn holds(&self, variables: &Map<String, Value>) -> bool {
        variables.get(&self.variable).and_then(Value::as_bool) == Some(self.equals)
    }
}

/// Whether all conditions hold.
#[must_use]
pub fn all_hold(conditions: &[Condition], variables: &Map<String, Value>) -> bool {
    conditions.iter().all(|condition| condition.holds(variables))
}

/// The conditions that directives set on top of `outer`; `None` when literals exclude the selection for good.
pub(super) fn conditions_of(outer: &[Condition], directives: &[Directive]) -> Option<Vec<Condition>> {
    let mut conditions = outer.to_vec();
    for directive in directives {
        let equals = match directive.name.as_str() {
            "include" => true,
            "skip" => false,
            _ => continue,
        };
        match directive.arguments.iter().find(|(name, _)| name == "if").map(|(_, value)| value) {
            Some(AstValue::Boolean(given)) if *given != equals => return None,
            Some(AstValue::Variable(variable)) => {
                let condition = Condition { variable: variable.clone(), equals };
                if !conditions.contains(&condition) {
                    conditions.push(condition);
                }
            }
            _ => {}
        }
    }
    Some(conditions)
}

owns!(Condition: variable);
