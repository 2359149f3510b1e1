//! Keeps internal error texts inside: the one place where they are logged and replaced.

use async_graphql::{ErrorExtensionValues, Response, ServerError};

use crate::identity::Identity;

/// How async-graphql begins the message of an argument that does not fit its type.
const BAD_ARGUMENT_PREFIX: &str = "Failed to parse \"";

/// How async-graphql begins the message of a document that does not parse.
const BAD_DOCUMENT_PREFIX: &str = " --> ";

/// Gives every error a code. One that a resolver raised without a code is logged and answered as `internal error`.
pub(super) fn mask(subgraph: &'static str, identity: &Identity, response: &mut Response) {
    for error in &mut response.errors {
        if has_code(error) {
            continue;
        }
        match code_of_request_error(error) {
            Some(code) => error.extensions.get_or_insert_default().set("code", code),
            None => hide(subgraph, identity, error),
        }
    }
}

fn has_code(error: &ServerError) -> bool {
    error.extensions.as_ref().is_some_and(|values| values.get("code").is_some())
}

/// The code of an error that async-graphql itself raised about the request. Those have no source, and no path unless
/// they are about an argument.
fn code_of_request_error(error: &ServerError) -> Option<&'static str> {
    if error.source.is_some() {
        return None;
    }
    if error.message.starts_with(BAD_ARGUMENT_PREFIX) {
        return Some("BAD_USER_INPUT");
    }
    if !error.path.is_empty() {
        return None;
    }
    let is_syntax = error.message.starts_with(BAD_DOCUMENT_PREFIX);
    Some(if is_syntax { "GRAPHQL_PARSE_FAILED" } else { "GRAPHQL_VALIDATION_FAILED" })
}

fn hide(subgraph: &'static str, identity: &Identity, error: &mut ServerError) {
    let path: Vec<String> = error
        .path
        .iter()
        .map(|segment| match segment {
            async_graphql::PathSegment::Field(name) => name.clone(),
            async_graphql::PathSegment::Index(index) => index.to_string(),
        })
        .collect();
    tracing::error!(
        subgraph,
        correlation_id = identity.correlation_id,
        path = path.join("."),
        cause = error.message,
        "a resolver failed"
    );
    "internal error".clone_into(&mut error.message);
    error.source = None;
    let extensions: &mut ErrorExtensionValues = error.extensions.insert(ErrorExtensionValues::default());
    extensions.set("code", "INTERNAL_SERVER_ERROR");
    extensions.set("correlationId", identity.correlation_id.as_str());
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Error, ErrorExtensions, Object, Schema, value};

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn broken(&self) -> Result<Option<i32>, Error> {
            Err(Error::new("connection to 10.0.0.7 refused"))
        }
        async fn sourced(&self) -> Result<Option<i32>, std::io::Error> {
            Err(std::io::Error::other("Failed to parse \"/etc/passwd\""))
        }
        async fn refused(&self) -> Result<Option<i32>, Error> {
            Err(Error::new("no such product").extend_with(|_, e| e.set("code", "NOT_FOUND")))
        }
        async fn day(&self, on: chrono::DateTime<chrono::Utc>) -> i64 {
            on.timestamp()
        }
    }

    async fn masked(query: &str) -> (String, serde_json::Value) {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let mut response = schema.execute(query).await;
        let identity = Identity { correlation_id: "c-9".into(), ..Identity::default() };
        mask("inventory", &identity, &mut response);
        let error = response.errors.remove(0);
        (error.message, serde_json::to_value(error.extensions).unwrap())
    }

    #[tokio::test]
    async fn internal_text_never_leaves() {
        let hidden = serde_json::to_value(value!({"code": "INTERNAL_SERVER_ERROR", "correlationId": "c-9"})).unwrap();
        assert_eq!(masked("{ broken }").await, ("internal error".to_owned(), hidden.clone()));
        assert_eq!(masked("{ sourced }").await, ("internal error".to_owned(), hidden));
    }

    #[tokio::test]
    async fn errors_meant_for_the_client_keep_their_text() {
        assert_eq!(
            masked("{ refused }").await,
            ("no such product".to_owned(), serde_json::json!({"code": "NOT_FOUND"}))
        );
    }

    #[tokio::test]
    async fn errors_of_the_request_get_the_code_of_their_stage() {
        let code = async |query: &str| masked(query).await.1["code"].as_str().unwrap().to_owned();
        assert_eq!(code("{ nothing }").await, "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(code("{ ").await, "GRAPHQL_PARSE_FAILED");
        assert_eq!(code(r#"{ day(on: "tomorrow") }"#).await, "BAD_USER_INPUT");
    }
}
