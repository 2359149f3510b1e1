//! `@skip` and `@include` with variables: an operation is planned for each set of values that they are seen with.
//!
//! So plans know no conditions, subgraphs are asked for exactly what is selected, and conditions within conditions mean
//! what the specification says. The values of two booleans make four plans at most; only those that clients send are made.

use ahash::AHashSet;
use rand::Rng;
use serde_json::{Map, Value};

use crate::{
    parse::{
        Document,
        ast::{Definition, OperationDefinition, Selection, SelectionSet, ValueKind},
    },
    schema::federation::{Federation, Label},
};

/// A variable that decides what is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionVariable {
    name: Box<str>,
    default: Option<bool>,
    /// It is no variable: for so many of a million requests it holds.
    per_million: Option<u32>,
}

/// The values of the variables that decide what is selected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conditions(Box<[(Box<str>, bool)]>);

impl Conditions {
    /// What `given` says of `variables`. What is no boolean counts as false: such a request is refused before it runs.
    #[must_use]
    pub fn of(variables: &[ConditionVariable], given: &Map<String, Value>) -> Self {
        let value = |variable: &ConditionVariable| match (variable.per_million, given.get(&*variable.name)) {
            (Some(per_million), _) => Some(rand::rng().random_range(0..1_000_000) < per_million),
            (None, Some(value)) => value.as_bool(),
            (None, None) => variable.default,
        };
        Self(variables.iter().map(|it| (it.name.clone(), value(it).unwrap_or_default())).collect())
    }

    /// Which labels of overrides are active.
    pub(super) fn active(&self, labels: &[Label]) -> Vec<bool> {
        let drawn = |label: &Label| self.get(&condition_of(label)).unwrap_or_else(|| is_always(label));
        labels.iter().map(drawn).collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<bool> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| *value)
    }
}

/// The variables of an operation that decide what is selected, in the order in which it defines them.
pub(super) fn condition_variables(
    document: &Document<'_>,
    operation: &OperationDefinition<'_>,
) -> Vec<ConditionVariable> {
    let mut search = Search { document, found: AHashSet::new(), seen: AHashSet::new() };
    search.set(&operation.selection_set);
    let deciding = operation.variables.iter().filter(|variable| search.found.contains(variable.name.text));
    let read = |default: &crate::parse::ast::Value<'_>| match default.kind {
        ValueKind::Boolean(value) => Some(value),
        _ => None,
    };
    deciding
        .map(|variable| ConditionVariable {
            name: variable.name.text.into(),
            default: variable.default.as_ref().and_then(read),
            per_million: None,
        })
        .collect()
}

/// Which labels are active when nothing is drawn.
pub(super) fn without_draw(labels: &[Label]) -> Vec<bool> {
    labels.iter().map(is_always).collect()
}

const fn is_always(label: &Label) -> bool {
    label.per_million >= 1_000_000
}

/// No variable has such a name.
fn condition_of(label: &Label) -> String {
    format!("@{}", label.name)
}

/// The labels of overrides that must be drawn for each request, as the operation selects a field that has one, or as a
/// key or `@requires` may need one.
pub(super) fn drawn_labels(document: &Document<'_>, federation: &Federation) -> Vec<ConditionVariable> {
    let mut drawn: Vec<ConditionVariable> = Vec::new();
    if federation.labels().is_empty() {
        return drawn;
    }
    let mut names = AHashSet::new();
    for definition in &document.definitions {
        match definition {
            Definition::Operation(operation) => field_names(&operation.selection_set, &mut names),
            Definition::Fragment(fragment) => field_names(&fragment.selection_set, &mut names),
        }
    }
    let needed = federation.needed_names().map(|name| &**name);
    for label in names.into_iter().chain(needed).flat_map(|name| federation.labels_of(name)) {
        let name = condition_of(label);
        if label.per_million > 0 && !is_always(label) && drawn.iter().all(|known| *known.name != *name) {
            drawn.push(ConditionVariable { name: name.into(), default: None, per_million: Some(label.per_million) });
        }
    }
    drawn.sort_by(|one, other| one.name.cmp(&other.name));
    drawn
}

fn field_names<'a>(set: &SelectionSet<'a>, names: &mut AHashSet<&'a str>) {
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                names.insert(field.name.text);
                field.selection_set.iter().for_each(|set| field_names(set, names));
            }
            Selection::Inline(fragment) => field_names(&fragment.selection_set, names),
            Selection::Spread(_) => {}
        }
    }
}

struct Search<'d, 'a> {
    document: &'d Document<'a>,
    found: AHashSet<&'a str>,
    seen: AHashSet<&'a str>,
}

impl<'a> Search<'_, 'a> {
    /// Nested as deep as the limits allow, which were checked before.
    fn set(&mut self, set: &SelectionSet<'a>) {
        for item in &set.items {
            for directive in item.directives().iter().filter(|it| matches!(it.name.text, "skip" | "include")) {
                for argument in &directive.arguments {
                    if let ValueKind::Variable(name) = &argument.value.kind {
                        self.found.insert(name.text);
                    }
                }
            }
            match item {
                Selection::Field(field) => field.selection_set.iter().for_each(|set| self.set(set)),
                Selection::Inline(fragment) => self.set(&fragment.selection_set),
                Selection::Spread(spread) => {
                    if self.seen.insert(spread.name.text) {
                        let fragment = self.document.fragments().find(|it| it.name.text == spread.name.text);
                        fragment.into_iter().for_each(|fragment| self.set(&fragment.selection_set));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse::{Limits, parse};

    #[test]
    fn conditions_are_found_through_fragments_and_take_defaults() {
        let query =
            "query A($a: Boolean!, $b: Boolean = true, $c: Boolean!, $d: Boolean!) { x @skip(if: $a) ...F y(z: $d) }
            fragment F on T { ...F ... @include(if: $b) { z @skip(if: true) } } query B { w @skip(if: $c) }";
        let document = parse(query, &Limits::default()).unwrap();
        let found = condition_variables(&document, document.operations().next().unwrap());
        assert_eq!(found.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["a", "b"]);
        let of = |given: Value| match given {
            Value::Object(given) => Conditions::of(&found, &given),
            _ => panic!("{given}"),
        };
        let conditions = of(json!({ "a": true, "c": true }));
        assert_eq!((conditions.get("a"), conditions.get("b"), conditions.get("c")), (Some(true), Some(true), None));
        assert_eq!(of(json!({ "a": 1, "b": null })), of(json!({ "b": false })));
    }
}
