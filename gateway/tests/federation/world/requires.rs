//! What a field with `@requires` is computed from: the same from a representation and from the data.

use graphql_tools::parser::{
    query::{Selection, SelectionSet, TypeCondition},
    schema::Value as Literal,
};
use serde_json::{Map, Value};

use super::{
    data::{Universe, hash, vary},
    types::Types,
};

type Set = SelectionSet<'static, String>;

/// The required fields as a representation brings them.
pub fn of_representation(set: &Set, source: &Value, types: &Types) -> Result<Value, String> {
    let Value::Object(object) = source else { return Err(format!("MISSING: {source} is no object")) };
    let mut digest = Map::new();
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                let value = object.get(&field.name).ok_or_else(|| format!("MISSING: {} in {source}", field.name))?;
                let value = each(value, &mut |value| {
                    if field.selection_set.items.is_empty() {
                        Ok(value.clone())
                    } else {
                        of_representation(&field.selection_set, value, types)
                    }
                })?;
                digest.insert(key(field), value);
            }
            Selection::InlineFragment(fragment) => {
                let own = object.get("__typename").and_then(Value::as_str);
                let own = own.ok_or_else(|| format!("MISSING: __typename in {source}"))?;
                let condition = fragment.type_condition.as_ref().map(|TypeCondition::On(name)| name.as_str());
                if condition.is_none_or(|condition| types.fits(own, condition)) {
                    let Value::Object(inner) = of_representation(&fragment.selection_set, source, types)? else {
                        continue;
                    };
                    digest.extend(inner);
                }
            }
            Selection::FragmentSpread(_) => panic!("a fragment spread in @requires"),
        }
    }
    Ok(Value::Object(digest))
}

/// The required fields from the data.
pub fn of_data(set: &Set, source: &Value, universe: &Universe, types: &Types) -> Result<Value, String> {
    let source = universe.node(source);
    let mut digest = Map::new();
    for item in &set.items {
        match item {
            Selection::Field(field) => {
                let mut args: Vec<_> =
                    field.arguments.iter().map(|(name, value)| (name.clone(), constant(value))).collect();
                args.sort_by(|left, right| left.0.cmp(&right.0));
                let args: Map<String, Value> = args.into_iter().collect();
                let value = universe.pick(source.get(&field.name).unwrap_or(&Value::Null), &args);
                if let Some(message) = value.get("$error") {
                    return Err(message.to_string());
                }
                let value = each(value, &mut |value| {
                    if field.selection_set.items.is_empty() {
                        Ok(vary(value.clone(), &args))
                    } else {
                        of_data(&field.selection_set, value, universe, types)
                    }
                })?;
                digest.insert(key(field), value);
            }
            Selection::InlineFragment(fragment) => {
                let own = source["__typename"].as_str().unwrap_or_default();
                let condition = fragment.type_condition.as_ref().map(|TypeCondition::On(name)| name.as_str());
                if condition.is_none_or(|condition| types.fits(own, condition))
                    && let Value::Object(inner) = of_data(&fragment.selection_set, source, universe, types)?
                {
                    digest.extend(inner);
                }
            }
            Selection::FragmentSpread(_) => panic!("a fragment spread in @requires"),
        }
    }
    Ok(Value::Object(digest))
}

fn key(field: &graphql_tools::parser::query::Field<'static, String>) -> String {
    field.name.clone()
}

fn each(value: &Value, work: &mut impl FnMut(&Value) -> Result<Value, String>) -> Result<Value, String> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => {
            items.iter().map(|item| each(item, work)).collect::<Result<Vec<_>, _>>().map(Value::from)
        }
        other => work(other),
    }
}

/// What a leaf of type `name` is, computed from `digest`; `None` for composite types.
pub fn leaf(name: &str, digest: &Value) -> Option<Value> {
    match name {
        "String" | "ID" => Some(Value::from(digest.to_string())),
        "Int" => Some(Value::from(hash(&digest.to_string()) % 1_000)),
        "Boolean" => Some(Value::from(hash(&digest.to_string()).is_multiple_of(2))),
        _ => None,
    }
}

/// A literal without variables.
pub fn constant(value: &Literal<'static, String>) -> Value {
    match value {
        Literal::Int(number) => Value::from(number.as_i64()),
        Literal::Float(number) => Value::from(*number),
        Literal::String(text) | Literal::Enum(text) => Value::from(text.as_str()),
        Literal::Boolean(truth) => Value::from(*truth),
        Literal::List(items) => items.iter().map(constant).collect(),
        Literal::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), constant(value))).collect(),
        Literal::Null => Value::Null,
        Literal::Variable(name) => panic!("${name} is no constant"),
    }
}
