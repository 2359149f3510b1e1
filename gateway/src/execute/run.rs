//! The entries of execution.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::{
    error::{GraphqlError, GraphqlResponse},
    plan::PreparedOperation,
    schema::ServedSchema,
    subgraph::SubgraphTransports,
};

/// What one request needs beyond its plan.
pub struct ExecuteContext<'a> {
    /// How to reach the subgraphs.
    pub transports: &'a SubgraphTransports,
    /// What goes to every subgraph: identity and correlation id.
    pub headers: HeaderMap,
    /// When the request must be answered; fetches still under way then fail.
    pub deadline: Instant,
}

/// Runs a query or mutation.
///
/// # Cancellation
///
/// Dropping the future abandons the subgraph requests under way.
pub async fn execute(
    _schema: &ServedSchema,
    _operation: &PreparedOperation,
    _variables: Map<String, Value>,
    _context: &ExecuteContext<'_>,
) -> GraphqlResponse {
    GraphqlResponse::default()
}

/// The upstream subscription that a client's subscription needs: the subgraph's name and the request body.
///
/// # Errors
///
/// What to tell the client, when the variables do not fit or the operation is no subscription.
pub fn subscription_request<'a>(
    _schema: &ServedSchema,
    _operation: &'a PreparedOperation,
    _variables: &Map<String, Value>,
) -> Result<(&'a str, Bytes), Vec<GraphqlError>> {
    Err(Vec::new())
}

/// Answers one event of a subscription: resolves what other subgraphs own, then projects.
///
/// # Cancellation
///
/// Dropping the future abandons the subgraph requests under way.
pub async fn execute_event(
    _schema: &ServedSchema,
    _operation: &PreparedOperation,
    _variables: &Map<String, Value>,
    _event: Bytes,
    _context: &ExecuteContext<'_>,
) -> GraphqlResponse {
    GraphqlResponse::default()
}
