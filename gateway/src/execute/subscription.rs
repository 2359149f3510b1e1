//! Subscriptions: one upstream, and for each of its events what other subgraphs add.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{ExecuteContext, request::Body, run::Run};
use crate::{
    error::{GraphqlError, GraphqlResponse, code},
    plan::PreparedOperation,
    schema::ServedSchema,
    validate::coerce_variables,
};

/// The upstream subscription that a client's subscription needs: the subgraph's name and the request body. With `hints`,
/// errors suggest names of the schema.
///
/// # Errors
///
/// What to tell the client, when the variables do not fit or the operation is no subscription.
pub fn subscription_request<'a>(
    schema: &ServedSchema,
    operation: &'a PreparedOperation,
    variables: &Map<String, Value>,
    hints: bool,
) -> Result<(&'a str, Bytes), Vec<GraphqlError>> {
    let variables = coerce_variables((schema.api(), hints), operation.variables(), variables.clone())?;
    let Some(fetch) = &operation.plan().subscription else {
        return Err(vec![GraphqlError::new(code::BAD_USER_INPUT, "The operation is no subscription.")]);
    };
    Ok((&fetch.subgraph, Body::new(fetch, &variables, 0).finish()))
}

/// Answers one event of a subscription: resolves what other subgraphs own, then projects.
///
/// # Cancellation
///
/// Dropping the future abandons the subgraph requests under way.
pub async fn execute_event(
    schema: &ServedSchema,
    operation: &PreparedOperation,
    variables: &Map<String, Value>,
    event: Bytes,
    context: &ExecuteContext<'_>,
) -> GraphqlResponse {
    let variables = match coerce_variables((schema.api(), context.hints), operation.variables(), variables.clone()) {
        Ok(variables) => variables,
        Err(errors) => return GraphqlResponse::from_errors(errors),
    };
    let Some(fetch) = &operation.plan().subscription else {
        let error = GraphqlError::new(code::BAD_USER_INPUT, "The operation is no subscription.");
        return GraphqlResponse::from_errors(vec![error]);
    };
    let mut run = Run::new(schema, operation, variables);
    run.take_event(fetch, event);
    run.steps(context, |_| true).await;
    run.finish()
}
