//! Checks a value against the JSON Schema of its type, with messages for people.
//!
//! Deserialising would find the same faults, but without the full key and the nearest right one.

use serde_json::{Map, Value};

use super::ConfigError;

/// The names further away than this are not suggested.
const NEAR_ENOUGH: f64 = 0.6;

pub(super) fn check(schema: &Value, key: &str, value: &Value) -> Result<(), ConfigError> {
    if let Some(problem) = type_problem(schema, value) {
        let shown_key = if key.is_empty() { "(whole file)" } else { key };
        return Err(ConfigError::wrong(shown_key, problem));
    }
    match value {
        Value::Object(entries) => {
            entries.iter().try_for_each(|(name, inner)| check(&property(schema, key, name)?, &join(key, name), inner))
        }
        Value::Array(items) => {
            let Some(item_schema) = schema.get("items") else { return Ok(()) };
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| check(item_schema, &join(key, &index.to_string()), item))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// The schema of the entry `name` of an object at `key`.
pub(super) fn property(schema: &Value, key: &str, name: &str) -> Result<Value, ConfigError> {
    let schema = object_schema(schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    if let Some(found) = properties.and_then(|properties| properties.get(name)) {
        return Ok(object_schema(found).clone());
    }
    if let Some(any) = schema.get("additionalProperties").filter(|any| any.is_object()) {
        return Ok(object_schema(any).clone());
    }
    Err(ConfigError::UnknownKey {
        key: join(key, name),
        suggestion: properties.and_then(|properties| nearest(properties, name)).map(|near| join(key, near)),
        origin: super::KeyOrigin::File,
    })
}

/// Looks through `anyOf [T, null]`, which is how an optional `T` with a schema of its own is written.
fn object_schema(schema: &Value) -> &Value {
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    alternatives
        .and_then(|alternatives| alternatives.iter().find(|one| one.get("type") != Some(&Value::from("null"))))
        .unwrap_or(schema)
}

fn nearest<'a>(properties: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::jaro_winkler(candidate, &name.to_lowercase());
    let best = properties.keys().max_by(|left, right| distance(left).total_cmp(&distance(right)))?;
    (distance(best) >= NEAR_ENOUGH).then_some(best.as_str())
}

pub(super) fn join(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

fn type_problem(schema: &Value, value: &Value) -> Option<String> {
    if let Some(choices) = choices(schema) {
        let known = choices.iter().any(|choice| choice == value) || (value.is_null() && allows(schema, "null"));
        return (!known).then(|| format!("must be one of {}, not {value}", list(&choices)));
    }
    let wanted = types(schema);
    if wanted.is_empty() {
        return None;
    }
    let fits = match value {
        Value::Null => wanted.contains(&"null"),
        Value::Bool(_) => wanted.contains(&"boolean"),
        Value::Number(number) => {
            wanted.contains(&"number") || (wanted.contains(&"integer") && (number.is_i64() || number.is_u64()))
        }
        Value::String(_) => wanted.contains(&"string"),
        Value::Array(_) => wanted.contains(&"array"),
        Value::Object(_) => wanted.contains(&"object"),
    };
    if fits { range_problem(schema, value) } else { Some(wrong_type(&wanted, value)) }
}

fn wrong_type(wanted: &[&str], value: &Value) -> String {
    let name = |kind: &&str| match *kind {
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        "string" => "a text",
        "array" => "a list",
        _ => "a section with keys",
    };
    let names: Vec<_> = wanted.iter().filter(|kind| **kind != "null").map(name).collect();
    format!("must be {}, not {value}", names.join(" or "))
}

fn range_problem(schema: &Value, value: &Value) -> Option<String> {
    let number = value.as_f64()?;
    let bound = |name: &str| schema.get(name).filter(|bound| bound.is_number());
    if let Some(minimum) = bound("minimum").filter(|minimum| minimum.as_f64().is_some_and(|least| number < least)) {
        return Some(format!("must be at least {minimum}, not {value}"));
    }
    let maximum = bound("maximum").filter(|maximum| maximum.as_f64().is_some_and(|most| number > most))?;
    Some(format!("must be at most {maximum}, not {value}"))
}

/// The `type` keyword as a list; the types of all alternatives of `anyOf`.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => {
            let alternatives = schema.get("anyOf").and_then(Value::as_array);
            alternatives.map(|all| all.iter().flat_map(types).collect()).unwrap_or_default()
        }
    }
}

fn allows(schema: &Value, kind: &str) -> bool {
    types(schema).contains(&kind)
}

/// The values of an enumeration: `enum`, or `oneOf` of constants when they carry descriptions.
fn choices(schema: &Value) -> Option<Vec<Value>> {
    let schema = object_schema(schema);
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.clone());
    }
    let constants = schema.get("oneOf").and_then(Value::as_array)?;
    constants.iter().map(|one| one.get("const").cloned()).collect()
}

fn list(choices: &[Value]) -> String {
    choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
