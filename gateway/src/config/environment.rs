//! Keys that are set by environment variables.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ConfigError, check};

const PREFIX: &str = "SELVEDGE_";
const SEPARATOR: &str = "__";

/// Variables with a name of their own, because every part of the system reads them.
const NAMED: [(&str, &[&str]); 3] = [
    ("SELVEDGE_MODE", &["mode"]),
    ("SELVEDGE_IDENTITY_SECRET", &["identity", "secret"]),
    ("SELVEDGE_JWT_SECRET", &["jwt", "secret"]),
];

pub(super) fn apply(
    schema: &Value,
    value: &mut Value,
    environment: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    for (variable, text) in environment {
        let Some(path) = path_of(variable) else { continue };
        if is_named(variable) && lookup(schema, &path).is_err() {
            continue;
        }
        set(schema, value, &path, text).map_err(|error| error.set_by_variable(variable))?;
    }
    Ok(())
}

fn is_named(variable: &str) -> bool {
    NAMED.iter().any(|(name, _)| *name == variable)
}

/// The key that `variable` sets: `SELVEDGE_SERVER__LISTEN` → `server`, `listen`. Other variables are not ours.
fn path_of(variable: &str) -> Option<Vec<String>> {
    if let Some((_, path)) = NAMED.iter().find(|(name, _)| *name == variable) {
        return Some(path.iter().map(|&part| part.to_owned()).collect());
    }
    let key = variable.strip_prefix(PREFIX)?;
    key.contains(SEPARATOR).then(|| key.to_lowercase().split(SEPARATOR).map(str::to_owned).collect())
}

/// The full key and schema at `path`.
fn lookup(schema: &Value, path: &[String]) -> Result<(String, Value), ConfigError> {
    path.iter().try_fold((String::new(), schema.clone()), |(key, schema), part| {
        // Lists are set as a whole; what is left of a path inside of one has no schema of its own.
        let inner = check::property(&schema, &key, part)?;
        Ok((check::join(&key, part), inner))
    })
}

fn set(schema: &Value, root: &mut Value, path: &[String], text: &str) -> Result<(), ConfigError> {
    let (key, leaf_schema) = lookup(schema, path)?;
    let leaf = read(&leaf_schema, text);
    check::check(&leaf_schema, &key, &leaf)?;
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    let mut at = root;
    for section in sections {
        let Value::Object(entries) = at else { return Err(ConfigError::wrong(key, "is not in a section")) };
        at = entries.entry(section.clone()).or_insert_with(|| Value::Object(Map::new()));
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
    }
    if let Value::Object(entries) = at {
        entries.insert(last.clone(), leaf);
    }
    Ok(())
}

/// `text` as the type that the schema wants; a text that does not fit is kept, for the check to name it.
fn read(schema: &Value, text: &str) -> Value {
    let types = check::types(schema);
    let json = || serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    if types.contains(&"string") {
        Value::from(text)
    } else if types.contains(&"array") && !text.trim_start().starts_with('[') {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Value::Array(items.map(Value::from).collect())
    } else if types.is_empty() {
        Value::from(text)
    } else {
        json()
    }
}
