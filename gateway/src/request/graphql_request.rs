//! One GraphQL request, whatever brought it.

use serde_json::{Map, Value};

use super::RequestError;

/// One GraphQL request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which of its operations to run.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// What clients and servers agree on beyond the specification.
    pub extensions: Map<String, Value>,
}

impl GraphqlRequest {
    /// Reads the parameters from a JSON value.
    ///
    /// # Errors
    ///
    /// The first parameter that is missing or of a wrong type.
    pub fn from_json(value: Value) -> Result<Self, RequestError> {
        let Value::Object(mut parameters) = value else {
            return Err(RequestError::BadParameter { parameter: "body", expected: "a JSON object" });
        };
        let query = match parameters.remove("query") {
            Some(Value::String(query)) => query,
            _ => return Err(RequestError::BadParameter { parameter: "query", expected: "a text" }),
        };
        let operation_name = match parameters.remove("operationName") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => {
                return Err(RequestError::BadParameter { parameter: "operationName", expected: "a text or null" });
            }
        };
        let variables = object(parameters.remove("variables"), "variables")?;
        let extensions = object(parameters.remove("extensions"), "extensions")?;
        Ok(Self { query, operation_name, variables, extensions })
    }
}

pub(super) fn object(value: Option<Value>, parameter: &'static str) -> Result<Map<String, Value>, RequestError> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(RequestError::BadParameter { parameter, expected: "a JSON object or null" }),
    }
}
