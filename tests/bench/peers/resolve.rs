//! Answers queries from the store: the whole graph for what is expected, one subgraph's part of it for the subgraphs.

use std::collections::HashMap;

use graphql_tools::{
    parser::{parse_query, query::Value as Literal},
    static_graphql::query::{Definition, Document, Field, OperationDefinition, Selection, SelectionSet},
};
use serde_json::{Map, Value, json};

use super::{data::Store, scenarios::Scenario};

/// The answer to the first request of a scenario.
pub(crate) fn whole(scenario: &Scenario, store: &Store) -> Value {
    answer(&json!({ "query": scenario.query(0), "variables": scenario.variables }), store).unwrap()
}

/// The answer to a GraphQL request; `None` when it asks for what is not there.
pub(crate) fn answer(request: &Value, store: &Store) -> Option<Value> {
    let document = parse_query::<String>(request["query"].as_str()?).ok()?.into_static();
    let set = document.definitions.iter().find_map(|definition| match definition {
        Definition::Operation(OperationDefinition::SelectionSet(set)) => Some(set),
        Definition::Operation(OperationDefinition::Query(query)) => Some(&query.selection_set),
        _ => None,
    })?;
    let resolver = Resolver { fragments: fragments(&document), variables: &request["variables"], store };
    let mut data = Map::new();
    resolver.select(set, store.get("Query:")?, &mut data)?;
    Some(json!({ "data": data }))
}

fn fragments(document: &Document) -> HashMap<&str, &SelectionSet> {
    let fragments = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Fragment(fragment) => Some((fragment.name.as_str(), &fragment.selection_set)),
        Definition::Operation(_) => None,
    });
    fragments.collect()
}

struct Resolver<'a> {
    fragments: HashMap<&'a str, &'a SelectionSet>,
    variables: &'a Value,
    store: &'a Store,
}

impl Resolver<'_> {
    fn select(&self, set: &SelectionSet, object: &Map<String, Value>, into: &mut Map<String, Value>) -> Option<()> {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    let value = self.field(field, object)?;
                    into.insert(key.clone(), value);
                }
                // Each object here is of the one type that is asked for.
                Selection::InlineFragment(fragment) => self.select(&fragment.selection_set, object, into)?,
                Selection::FragmentSpread(spread) => {
                    self.select(self.fragments.get(spread.fragment_name.as_str())?, object, into)?;
                }
            }
        }
        Some(())
    }

    fn field(&self, field: &Field, object: &Map<String, Value>) -> Option<Value> {
        if field.name == "_entities" {
            let Literal::Variable(name) = &field.arguments.first()?.1 else { return None };
            let representations = self.variables[name.as_str()].as_array()?;
            let entities = representations.iter().map(|representation| self.entity(field, representation));
            return entities.collect::<Option<Vec<_>>>().map(Value::from);
        }
        let value = object.get(&field.name)?;
        let first = field.arguments.iter().find(|(name, _)| name == "first").and_then(|(_, value)| self.number(value));
        match (value, first) {
            (Value::Array(items), Some(first)) => self.value(field, &items[..first.min(items.len())].into()),
            _ => self.value(field, value),
        }
    }

    fn number(&self, literal: &Literal<'static, String>) -> Option<usize> {
        let number = match literal {
            Literal::Int(number) => number.as_i64()?,
            Literal::Variable(name) => self.variables[name.as_str()].as_i64()?,
            _ => return None,
        };
        usize::try_from(number).ok()
    }

    fn entity(&self, field: &Field, representation: &Value) -> Option<Value> {
        let key = representation.get("code").or_else(|| representation.get("id"))?.as_str()?;
        let object = self.store.get(&format!("{}:{key}", representation["__typename"].as_str()?))?;
        self.object(field, object)
    }

    fn value(&self, field: &Field, value: &Value) -> Option<Value> {
        match value {
            Value::Array(items) => {
                items.iter().map(|item| self.value(field, item)).collect::<Option<Vec<_>>>().map(Value::from)
            }
            Value::Object(object) => match object.get("$").and_then(Value::as_str) {
                Some(reference) => self.object(field, self.store.get(reference)?),
                None => self.object(field, object),
            },
            leaf => Some(leaf.clone()),
        }
    }

    fn object(&self, field: &Field, object: &Map<String, Value>) -> Option<Value> {
        let mut into = Map::new();
        self.select(&field.selection_set, object, &mut into)?;
        Some(into.into())
    }
}
