//! What one request needs beyond its plan.

use http::HeaderMap;
use tokio::time::Instant;

use crate::subgraph::SubgraphTransports;

/// What one request needs beyond its plan.
pub struct ExecuteContext<'a> {
    /// How to reach the subgraphs.
    pub transports: &'a SubgraphTransports,
    /// What goes to every subgraph: identity and correlation id.
    pub headers: HeaderMap,
    /// When the request must be answered; fetches still under way then fail.
    pub deadline: Instant,
}
