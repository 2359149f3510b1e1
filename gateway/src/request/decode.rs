//! From bytes and query strings to GraphQL requests.

use std::collections::HashMap;

use axum::extract::Query;
use http::Uri;
use serde_json::Value;

use super::{GraphqlRequest, RequestError, graphql_request::object};

/// What one HTTP request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// One operation.
    Single(GraphqlRequest),
    /// Several, answered by an array in the same order.
    Batch(Vec<GraphqlRequest>),
}

/// Reads the body of a POST; an array of operations is accepted up to `max_batch`, 0 accepts none.
///
/// # Errors
///
/// What is wrong with it.
pub fn decode_body(body: &[u8], max_batch: usize) -> Result<Decoded, RequestError> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| RequestError::NotJson { line: error.line(), column: error.column() })?;
    match value {
        Value::Array(_) if max_batch == 0 => Err(RequestError::BatchRefused),
        Value::Array(items) if items.is_empty() || items.len() > max_batch => {
            Err(RequestError::BatchSize { most: max_batch })
        }
        Value::Array(items) => {
            items.into_iter().map(GraphqlRequest::from_json).collect::<Result<_, _>>().map(Decoded::Batch)
        }
        single => GraphqlRequest::from_json(single).map(Decoded::Single),
    }
}

/// Reads the parameters of a GET.
///
/// # Errors
///
/// What is wrong with them.
pub fn decode_query_string(uri: &Uri) -> Result<GraphqlRequest, RequestError> {
    let unreadable = |_| RequestError::BadParameter { parameter: "query string", expected: "URL-encoded parameters" };
    let Query(mut parameters) = Query::<HashMap<String, String>>::try_from_uri(uri).map_err(unreadable)?;
    let query = parameters
        .remove("query")
        .filter(|query| !query.is_empty())
        .ok_or(RequestError::BadParameter { parameter: "query", expected: "a text" })?;
    let operation_name = parameters.remove("operationName").filter(|name| !name.is_empty());
    let mut json = |parameter: &'static str| match parameters.remove(parameter).filter(|text| !text.is_empty()) {
        None => Ok(serde_json::Map::new()),
        Some(text) => {
            let expected = "a JSON object or null";
            let value = serde_json::from_str(&text).map_err(|_| RequestError::BadParameter { parameter, expected })?;
            object(Some(value), parameter)
        }
    };
    Ok(GraphqlRequest { query, operation_name, variables: json("variables")?, extensions: json("extensions")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_types_are_named() {
        for (body, message) in [
            (r#"{"query":1}"#, "`query` must be a text"),
            (r"{}", "`query` must be a text"),
            (r#"{"query":"{a}","variables":[]}"#, "`variables` must be a JSON object or null"),
            (r#"{"query":"{a}","operationName":{}}"#, "`operationName` must be a text or null"),
            (r#"{"query":"#, "the body is not valid JSON (line 1, column 9)"),
            ("[]", "arrays of operations are not accepted here"),
            ("7", "`body` must be a JSON object"),
        ] {
            assert_eq!(decode_body(body.as_bytes(), 0).unwrap_err().to_string(), message, "{body}");
        }
    }

    #[test]
    fn null_parameters_count_as_absent() {
        let body = br#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#;
        let Decoded::Single(request) = decode_body(body, 0).unwrap() else { panic!("one operation") };
        assert_eq!(request, GraphqlRequest { query: "{a}".to_owned(), ..GraphqlRequest::default() });
    }

    #[test]
    fn arrays_keep_to_the_limit() {
        let body = br#"[{"query":"{a}"},{"query":"{b}"}]"#;
        assert!(matches!(decode_body(body, 2), Ok(Decoded::Batch(operations)) if operations.len() == 2));
        assert_eq!(decode_body(body, 1), Err(RequestError::BatchSize { most: 1 }));
    }

    #[test]
    fn query_strings_are_decoded() {
        let uri: Uri =
            "/graphql?query=query%20A(%24x%3AInt)%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D".parse().unwrap();
        let request = decode_query_string(&uri).unwrap();
        assert_eq!(request.query, "query A($x:Int){a}");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.get("x"), Some(&Value::from(1)));
        assert!(decode_query_string(&"/graphql".parse().unwrap()).is_err());
    }
}
