//! What one request needs beyond its plan.

use std::sync::Arc;

use tokio::time::Instant;

use crate::subgraph::{CallContext, SubgraphTransports};

/// What one request needs beyond its plan.
pub struct ExecuteContext<'a> {
    /// How to reach the subgraphs.
    pub transports: &'a SubgraphTransports,
    /// For whom subgraphs are asked.
    pub call: Arc<CallContext>,
    /// When the request must be answered; fetches still under way then fail.
    pub deadline: Instant,
}
