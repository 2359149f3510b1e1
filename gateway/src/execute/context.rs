//! What one request needs beyond its plan.

use std::sync::Arc;

use tokio::time::Instant;

use super::KeptAnswers;
use crate::cache::Reads;
use crate::subgraph::{CallContext, SubgraphTransports};

/// What one request needs beyond its plan.
pub struct ExecuteContext<'a> {
    /// How to reach the subgraphs.
    pub transports: &'a SubgraphTransports,
    /// For whom subgraphs are asked.
    pub call: Arc<CallContext>,
    /// When the request must be answered; fetches still under way then fail.
    pub deadline: Instant,
    /// Where answers are kept, if they are.
    pub kept: Option<KeptAnswers<'a>>,
    /// Where it is noted what is read, for whom that matters.
    pub reads: Option<&'a Reads>,
    /// Whether errors may suggest names of the schema.
    pub hints: bool,
}
