//! Follows one subscription of a subgraph, over failures.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use rand::Rng;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Caller;
use crate::{
    authenticate::IdentitySigner,
    config::SubscriptionsConfig,
    error::{GraphqlError, GraphqlResponse},
    execute::{ExecuteContext, Graph, execute_event},
    operation::OperationKind,
    plan::PreparedOperation,
    subgraph::{CallContext, SubgraphBody, SubgraphRequest, TransportError},
};

const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// How long the entity fields of one event may take to resolve.
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that is needed to open a subscription at a subgraph, again and again.
pub(super) struct Upstream {
    pub(super) graph: Arc<Graph>,
    pub(super) operation: Arc<PreparedOperation>,
    pub(super) variables: Map<String, Value>,
    pub(super) subgraph: String,
    pub(super) body: Bytes,
    pub(super) signer: IdentitySigner,
    pub(super) caller: Caller,
    pub(super) config: Arc<SubscriptionsConfig>,
}

impl Upstream {
    /// Calls `on_response` with each response of the stream until it ends. A connection that breaks is opened
    /// again; after the configured number of attempts without an event, the last response is an error.
    pub(super) async fn follow(&self, mut on_response: impl FnMut(&GraphqlResponse)) {
        let mut failures = 0;
        loop {
            let Err(error) = self.listen(&mut failures, &mut on_response).await else { return };
            if matches!(error, TransportError::Resubscribe { .. }) {
                continue;
            }
            failures += 1;
            tracing::warn!(
                subgraph = %self.subgraph, %error, reason = error.reason(), failures, "upstream subscription broke"
            );
            if failures > self.config.upstream_attempts || matches!(error, TransportError::Refused { .. }) {
                let error = GraphqlError::new(error.code(), error.to_string())
                    .with_extension("subgraph", self.subgraph.clone());
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
    ) -> Result<(), TransportError> {
        // Signed for each connection: the identity does not live as long as the stream.
        let context = Arc::new(self.caller.stream_context(&self.signer));
        let request = SubgraphRequest::new(OperationKind::Subscription, self.body.clone(), context);
        let response = self.graph.transports().call(&self.subgraph, request).await?;
        let mut events = match response.body {
            SubgraphBody::Stream(events) => events,
            SubgraphBody::Complete(refusal) => {
                on_response(&self.resolve(refusal).await);
                return Ok(());
            }
        };
        while let Some(event) = events.next().await {
            let event = event.map_err(as_interruption)?;
            *failures = 0;
            on_response(&self.resolve(event).await);
        }
        Ok(())
    }

    fn call_context(&self) -> CallContext {
        self.caller.call_context(&self.signer)
    }

    async fn resolve(&self, event: Bytes) -> GraphqlResponse {
        let deadline = Instant::now() + EVENT_TIMEOUT;
        let call = Arc::new(self.call_context().until(deadline).alone());
        // Its variables were found to fit when it was opened.
        let hints = false;
        let context = ExecuteContext { transports: self.graph.transports(), call, deadline, kept: None, hints };
        execute_event(self.graph.schema(), &self.operation, &self.variables, event, &context).await
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
fn backoff(first_ms: u64, failures: u32) -> Duration {
    let doubled = first_ms.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let longest = Duration::from_millis(doubled).min(MAX_BACKOFF);
    longest.mul_f64(rand::rng().random_range(0.5..1.0))
}
