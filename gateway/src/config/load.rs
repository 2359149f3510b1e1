//! Reading a configuration.

use std::collections::BTreeMap;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Config, ConfigError, check, environment};

/// The gateway's configuration from YAML text and the environment, with development secrets filled in and checked.
///
/// # Errors
///
/// The first key that is unknown, has a wrong value, or is missing.
pub fn load(yaml: &str, environment: &BTreeMap<String, String>) -> Result<Config, ConfigError> {
    let mut config: Config = parse(yaml, environment)?;
    config.fill_development_secrets();
    config.validate()?;
    Ok(config)
}

/// Any configuration type from YAML text and the environment; unknown keys are refused, values are checked against
/// the type's JSON Schema, but [`Config::validate`] is left to the caller.
///
/// # Errors
///
/// The first key that is unknown or has a value of the wrong type.
pub fn parse<T: DeserializeOwned + JsonSchema>(
    yaml: &str,
    environment: &BTreeMap<String, String>,
) -> Result<T, ConfigError> {
    parse_over(&[], yaml, environment)
}

/// The same, where neither file nor environment have a top-level key of `defaults`, with its value.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_over<T: DeserializeOwned + JsonSchema>(
    defaults: &[(&str, &str)],
    yaml: &str,
    environment: &BTreeMap<String, String>,
) -> Result<T, ConfigError> {
    let mut value: Value =
        serde_norway::from_str(yaml).map_err(|error| ConfigError::NotYaml { reason: error.to_string() })?;
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    let schema = json_schema::<T>();
    check::check(&schema, "", &value)?;
    if let Value::Object(keys) = &mut value {
        for (key, default) in defaults {
            keys.entry(*key).or_insert_with(|| Value::from(*default));
        }
    }
    environment::apply(&schema, &mut value, environment)?;
    serde_json::from_value(value).map_err(|error| ConfigError::NotYaml { reason: error.to_string() })
}

/// The JSON Schema of a configuration type, without references.
#[must_use]
pub fn json_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
