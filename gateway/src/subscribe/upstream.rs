//! Follows one subscription of a subgraph, over failures and over changes of the schema.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use futures::StreamExt;
use rand::Rng;
use serde_json::{Map, Value};
use tokio::{sync::Notify, time::Instant};

use super::{Caller, sharing::Sharing};
use crate::{
    authenticate::IdentitySigner,
    config::SubscriptionsConfig,
    error::{GraphqlError, GraphqlResponse},
    execute::{ExecuteContext, Graph, execute_event, subscription_request},
    operation::OperationKind,
    plan::PreparedOperation,
    subgraph::{CallContext, SubgraphBody, SubgraphRequest, TransportError},
};

const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// How long the entity fields of one event may take to resolve.
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a stream runs on.
pub(super) struct UpstreamPlan {
    pub(super) graph: Arc<Graph>,
    pub(super) operation: Arc<PreparedOperation>,
    pub(super) variables: Map<String, Value>,
    pub(super) subgraph: String,
    pub(super) body: Bytes,
}

/// Everything that is needed to open a subscription at a subgraph, again and again.
pub(super) struct Upstream {
    plan: ArcSwap<UpstreamPlan>,
    /// The plan is another one.
    moved: Notify,
    signer: IdentitySigner,
    caller: Caller,
    config: Arc<SubscriptionsConfig>,
    sharing: Sharing,
}

/// Why a connection is left.
enum Left {
    /// The subgraph has completed the stream.
    Completed,
    /// What it would be asked now is something else.
    Moved,
}

impl UpstreamPlan {
    /// The plan of a subscription.
    ///
    /// # Errors
    ///
    /// What to tell the client, when its variables do not fit.
    pub(super) fn new(
        (graph, operation): (Arc<Graph>, Arc<PreparedOperation>),
        variables: Map<String, Value>,
        hints: bool,
    ) -> Result<Self, Vec<GraphqlError>> {
        let (subgraph, body) = subscription_request(graph.schema(), &operation, &variables, hints)?;
        let subgraph = subgraph.to_owned();
        Ok(Self { graph, operation, variables, subgraph, body })
    }

    /// Whether the subgraph is asked the same in the same way.
    fn asks_the_same(&self, other: &Self) -> bool {
        let way = |plan: &Self| plan.graph.transports().get(&plan.subgraph).cloned();
        let is_same_way = match (way(self), way(other)) {
            (Some(own), Some(others)) => own.is_same(&others),
            _ => false,
        };
        is_same_way && self.subgraph == other.subgraph && self.body == other.body
    }
}

impl Upstream {
    pub(super) fn new(
        plan: UpstreamPlan,
        (caller, signer): (Caller, IdentitySigner),
        config: Arc<SubscriptionsConfig>,
        sharing: Sharing,
    ) -> Self {
        Self { plan: ArcSwap::from_pointee(plan), moved: Notify::new(), signer, caller, config, sharing }
    }

    /// Who shares it.
    pub(super) const fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// Whether it runs on this graph.
    pub(super) fn is_on(&self, graph: &Arc<Graph>) -> bool {
        Arc::ptr_eq(&self.plan.load().graph, graph)
    }

    /// Goes on with another plan; the subgraph is only asked again if it would be asked something else.
    pub(super) fn move_to(&self, plan: UpstreamPlan) {
        self.plan.store(Arc::new(plan));
        self.moved.notify_one();
    }

    /// The correlation id of whoever came first.
    pub(super) fn correlation(&self) -> &str {
        self.caller.correlation.as_str()
    }

    /// Calls `on_response` with each response of the stream until it ends. A connection that breaks is opened
    /// again; after the configured number of attempts without an event, the last response is an error.
    pub(super) async fn follow(&self, mut on_response: impl FnMut(&GraphqlResponse)) {
        let mut failures = 0;
        loop {
            let error = match self.listen(&mut failures, &mut on_response).await {
                Ok(Left::Completed) => return,
                Ok(Left::Moved) | Err(TransportError::Resubscribe { .. }) => continue,
                Err(error) => error,
            };
            failures += 1;
            let subgraph = self.plan.load().subgraph.clone();
            // The transport has told it once for all streams that it carried.
            tracing::debug!(
                %subgraph, %error, reason = error.reason(), failures, "upstream subscription broke"
            );
            if failures > self.config.upstream_attempts || matches!(error, TransportError::Refused { .. }) {
                let error =
                    GraphqlError::new(error.code(), error.to_string()).with_extension("subgraph", subgraph.clone());
                on_response(&GraphqlResponse::from_errors(vec![error]));
                return;
            }
            tokio::time::sleep(backoff(self.config.upstream_backoff_ms, failures)).await;
        }
    }

    /// One connection, until the subgraph completes the stream or it breaks.
    async fn listen(
        &self,
        failures: &mut u32,
        on_response: &mut impl FnMut(&GraphqlResponse),
    ) -> Result<Left, TransportError> {
        let mut plan = self.plan.load_full();
        // Signed for each connection: the identity does not live as long as the stream.
        let context = Arc::new(self.caller.stream_context(&self.signer));
        let request = SubgraphRequest::new(OperationKind::Subscription, plan.body.clone(), context);
        let response = plan.graph.transports().call(&plan.subgraph, request).await?;
        let mut events = match response.body {
            SubgraphBody::Stream(events) => events,
            SubgraphBody::Complete(refusal) => {
                on_response(&self.resolve(refusal).await);
                return Ok(Left::Completed);
            }
        };
        loop {
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { return Ok(Left::Completed) };
                    let event = event.map_err(as_interruption)?;
                    *failures = 0;
                    on_response(&self.resolve(event).await);
                }
                () = self.moved.notified() => {
                    let next = self.plan.load_full();
                    if !next.asks_the_same(&plan) {
                        return Ok(Left::Moved);
                    }
                    plan = next;
                }
            }
        }
    }

    fn call_context(&self) -> CallContext {
        self.caller.call_context(&self.signer)
    }

    async fn resolve(&self, event: Bytes) -> GraphqlResponse {
        let plan = self.plan.load_full();
        let deadline = Instant::now() + EVENT_TIMEOUT;
        let call = Arc::new(self.call_context().until(deadline).alone());
        // Its variables were found to fit when it was opened.
        let hints = false;
        let context =
            ExecuteContext { transports: plan.graph.transports(), call, deadline, kept: None, reads: None, hints };
        execute_event(plan.graph.schema(), &plan.operation, &plan.variables, event, &context).await
    }
}

/// A subgraph that closes a stream which it had opened, because the identity has run out, takes a fresh one.
fn as_interruption(error: TransportError) -> TransportError {
    match error {
        TransportError::Refused { subgraph, reason } => TransportError::Interrupted { subgraph, reason },
        other => other,
    }
}

/// Doubles with each failure; a random part keeps streams that broke together from coming back together.
pub(super) fn backoff(first_ms: u64, failures: u32) -> Duration {
    backoff_up_to(first_ms, failures, MAX_BACKOFF)
}

/// The same, up to another pause.
pub(super) fn backoff_up_to(first_ms: u64, failures: u32, most: Duration) -> Duration {
    let doubled = first_ms.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let longest = Duration::from_millis(doubled).min(most);
    longest.mul_f64(rand::rng().random_range(0.5..1.0))
}
