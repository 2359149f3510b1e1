//! Operations in a manifest of trusted documents.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::RecordedOperation;

/// `{"format": "apollo-persisted-query-manifest", "operations": [{"id", "name", "body"}]}`.
#[derive(Deserialize)]
struct ApolloManifest {
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    #[serde(default)]
    name: Option<String>,
    body: String,
}

/// Reads the manifest that Apollo's tools write, or an object of ids and documents, as GraphQL Code Generator and Relay
/// write it.
pub(super) fn read(text: &str) -> Result<Vec<RecordedOperation>, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if json.get("operations").is_some_and(Value::is_array) {
        let manifest: ApolloManifest = serde_json::from_value(json).map_err(|error| error.to_string())?;
        return Ok(manifest.operations.into_iter().map(recorded_of_apollo).collect());
    }
    let documents: BTreeMap<String, String> = serde_json::from_value(json).map_err(|error| error.to_string())?;
    Ok(documents.into_iter().map(|(id, document)| recorded(id, document)).collect())
}

fn recorded_of_apollo(operation: ApolloOperation) -> RecordedOperation {
    let origin = match operation.name {
        Some(name) => format!("{name} ({})", operation.id),
        None => operation.id,
    };
    recorded(origin, operation.body)
}

const fn recorded(origin: String, document: String) -> RecordedOperation {
    RecordedOperation { origin, document, missing_fragment: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let apollo = r#"{"format":"apollo-persisted-query-manifest","version":1,"operations":[
            {"id":"ab12","name":"Cart","type":"query","body":"query Cart { cart { id } }"},
            {"id":"cd34","type":"query","body":"{ a }"}]}"#;
        let origins: Vec<_> = read(apollo).unwrap().into_iter().map(|one| one.origin).collect();
        assert_eq!(origins, ["Cart (ab12)", "cd34"]);
        let plain = read(r#"{"ab12":"query Cart { cart { id } }"}"#).unwrap();
        assert_eq!(plain, [recorded("ab12".to_owned(), "query Cart { cart { id } }".to_owned())]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "[]", r#"{"a":1}"#, r#"{"operations":[{"id":"a"}]}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
