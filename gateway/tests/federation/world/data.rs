//! The data of a test: a JSON object of labelled objects.
//!
//! `{"$": "p1"}` stands for the object labelled `p1`, `{"$pick": [a, b]}` for the one that the arguments choose,
//! `{"$error": "text"}` for a field that fails; an object with `"$absent": ["a"]` is not known to subgraph `a`.
//! The labels `Query`, `Mutation` and `Subscription` are the roots.

use std::hash::{BuildHasher, Hasher};

use graphql_tools::parser::query::{Selection, SelectionSet};
use serde_json::{Map, Value};

use super::{
    execute::sub_selection,
    types::{Kind, Types},
};

type Set = SelectionSet<'static, String>;

/// An object while it is selected on.
#[derive(Clone)]
pub struct Node<'a> {
    pub value: &'a Value,
    /// What the gateway knows it by.
    pub representation: Option<&'a Value>,
    /// What may be selected although it is external.
    pub provided: Vec<&'a Set>,
}

impl<'a> Node<'a> {
    pub const fn new(value: &'a Value) -> Self {
        Self { value, representation: None, provided: Vec::new() }
    }

    pub fn provides(&self, name: &str) -> bool {
        self.provided.iter().any(|set| sub_selection(set, name).is_some())
    }

    /// What is provided below a field.
    pub fn below(&self, field: &graphql_tools::parser::query::Field<'static, String>) -> Vec<&'a Set> {
        self.provided.iter().filter_map(|set| sub_selection(set, &field.name)).collect()
    }
}

pub struct Universe(pub Value);

impl Universe {
    pub fn root(&self, kind: &str) -> &Value {
        self.0.get(kind).unwrap_or(&Value::Null)
    }

    /// The object that `value` is or names.
    pub fn node<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$").and_then(Value::as_str) {
            Some(label) => self.0.get(label).unwrap_or_else(|| panic!("no object is labelled {label}")),
            None => value,
        }
    }

    /// The value that `args` choose.
    pub fn pick<'a>(&'a self, value: &'a Value, args: &Map<String, Value>) -> &'a Value {
        let Some(choices) = value.get("$pick").and_then(Value::as_array) else { return value };
        let at = hash(&Value::Object(args.clone()).to_string()) % u64::try_from(choices.len()).unwrap();
        &choices[usize::try_from(at).unwrap()]
    }

    /// The entity that `representation` names in the subgraph with `types`, with its type there.
    pub fn find(
        &self,
        representation: &Value,
        (types, whole): (&Types, &Types),
        subgraph: &str,
    ) -> Result<Option<(String, &Value)>, String> {
        let name = representation["__typename"].as_str().ok_or("a representation without __typename")?;
        let definition = types.get(name).ok_or_else(|| format!("`{subgraph}` knows no type {name}"))?;
        let usable = |key: &&Set| has_all(key, representation);
        let keys: Vec<&Set> = definition.keys.iter().filter(usable).collect();
        if keys.is_empty() {
            return Err(format!("`{subgraph}` cannot find a {name} by {representation}"));
        }
        let entities = self.0.as_object().unwrap().values();
        let found = entities.into_iter().find(|value| {
            let own = value["__typename"].as_str().unwrap_or_default();
            (own == name || whole.fits(own, name)) && keys.iter().all(|key| self.equal(key, representation, value))
        });
        let Some(found) = found else {
            return Err(format!("`{subgraph}` has no {name} like {representation}"));
        };
        if found["$absent"].as_array().is_some_and(|absent| absent.iter().any(|it| it == subgraph)) {
            return Ok(None);
        }
        let own = found["__typename"].as_str().unwrap_or_default();
        let ty = if definition.kind == Kind::Interface { own } else { name };
        Ok(Some((ty.to_owned(), found)))
    }

    fn equal(&self, key: &Set, representation: &Value, value: &Value) -> bool {
        let value = self.node(value);
        key.items.iter().all(|item| {
            let Selection::Field(field) = item else { return true };
            let (theirs, ours) = (&representation[&field.name], &value[&field.name]);
            match (theirs, ours) {
                (Value::Array(theirs), Value::Array(ours)) => {
                    theirs.len() == ours.len()
                        && theirs.iter().zip(ours).all(|(it, own)| self.equal_value(&field.selection_set, it, own))
                }
                _ => self.equal_value(&field.selection_set, theirs, ours),
            }
        })
    }

    fn equal_value(&self, below: &Set, theirs: &Value, ours: &Value) -> bool {
        if below.items.is_empty() {
            // An `ID` that is a number in the data is a text on the wire.
            theirs == ours
                || (ours.is_number() && theirs.as_str().is_some_and(|text| text.parse().ok() == ours.as_u64()))
        } else {
            self.equal(below, theirs, ours)
        }
    }
}

fn has_all(key: &Set, representation: &Value) -> bool {
    key.items.iter().all(|item| match item {
        Selection::Field(field) => match representation.get(&field.name) {
            None => false,
            Some(Value::Array(items)) => items.iter().all(|item| has_all(&field.selection_set, item)),
            Some(value) => has_all(&field.selection_set, value),
        },
        _ => true,
    })
}

/// A leaf as arguments change it, so that two calls with different arguments differ.
pub fn vary(value: Value, args: &Map<String, Value>) -> Value {
    if args.is_empty() {
        return value;
    }
    let text = Value::Object(args.clone()).to_string();
    let change = hash(&text);
    match value {
        Value::String(own) => Value::from(format!("{own}{text}")),
        Value::Number(number) => Value::from(number.as_u64().unwrap_or_default() + change % 1_000),
        Value::Bool(truth) => Value::from(truth ^ change.is_multiple_of(2)),
        Value::Array(items) => items.into_iter().map(|item| vary(item, args)).collect(),
        other => other,
    }
}

/// A number that depends on the text alone.
pub fn hash(text: &str) -> u64 {
    let mut hasher = ahash::RandomState::with_seeds(1, 2, 3, 4).build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish() >> 1
}
