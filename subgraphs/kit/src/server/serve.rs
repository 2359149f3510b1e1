//! One subgraph as a server.

use std::{sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use http::{HeaderMap, Response};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{
    RunningSubgraph,
    changed::Changed,
    decode::{Decoded, decode},
    mask::mask,
    respond::{Refusal, answer, encode},
    router,
};
use crate::{
    identity::{Identity, IdentityVerifier},
    telemetry::MetricsHandle,
};

/// How long requests in flight and open WebSockets may take to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers GraphQL requests of one subgraph; cheap to clone.
#[derive(Clone)]
pub struct SubgraphServer {
    subgraph: Arc<RunningSubgraph>,
    verifier: IdentityVerifier,
    metrics: Option<MetricsHandle>,
    sockets: TaskTracker,
    closing: CancellationToken,
}

impl SubgraphServer {
    /// A server of `subgraph` that trusts the identities of `verifier`.
    #[must_use]
    pub fn new(subgraph: RunningSubgraph, verifier: IdentityVerifier) -> Self {
        Self {
            subgraph: Arc::new(subgraph),
            verifier,
            metrics: None,
            sockets: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Serves `metrics` at `/metrics` too.
    #[must_use]
    pub fn with_metrics(mut self, metrics: MetricsHandle) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The subgraph.
    #[must_use]
    pub fn subgraph(&self) -> &RunningSubgraph {
        &self.subgraph
    }

    /// Answers one GraphQL-over-HTTP POST (`body` is the JSON request), without a socket.
    pub async fn call(&self, headers: &HeaderMap, body: Bytes) -> Response<Bytes> {
        let started = Instant::now();
        let decoded = match decode(headers, &body, &self.verifier) {
            Ok(decoded) => decoded,
            Err(refusal) => return self.refuse(refusal),
        };
        drop(body);
        let Decoded { identity, request, answer_type } = decoded;
        let span = tracing::info_span!(
            "subgraph_request",
            subgraph = self.subgraph.name,
            correlation_id = identity.correlation_id,
            operation = request.operation_name.as_deref().unwrap_or_default()
        );
        let changed = Changed::default();
        let request = request.data(changed.clone());
        let mut response = self.subgraph.executor.execute(request).instrument(span).await;
        changed.write(&mut response);
        mask(self.subgraph.name, &identity, &mut response);
        self.count(if response.is_ok() { "ok" } else { "errors" });
        metrics::histogram!("selvedge_served_request_duration_seconds", "subgraph" => self.subgraph.name)
            .record(started.elapsed().as_secs_f64());
        answer(&response, answer_type, &identity)
    }

    /// Answers an operation with a stream of JSON responses, without a socket.
    ///
    /// # Errors
    ///
    /// The HTTP response that refuses the request.
    #[expect(clippy::result_large_err, reason = "the response is what the caller sends on, and refusals are rare")]
    pub fn stream(&self, headers: &HeaderMap, body: &Bytes) -> Result<BoxStream<'static, Bytes>, Response<Bytes>> {
        let Decoded { identity, request, .. } =
            decode(headers, body, &self.verifier).map_err(|refusal| self.refuse(refusal))?;
        Ok(self.run(identity, request).map(|response| encode(&response)).boxed())
    }

    /// The masked responses of an operation whose caller is known.
    pub(super) fn run(
        &self,
        identity: Identity,
        request: async_graphql::Request,
    ) -> BoxStream<'static, async_graphql::Response> {
        let name = self.subgraph.name;
        self.count("stream");
        let responses = self.subgraph.executor.execute_stream(request);
        responses
            .map(move |mut response| {
                mask(name, &identity, &mut response);
                response
            })
            .boxed()
    }

    /// `POST /graphql`, WebSocket `/graphql` (graphql-transport-ws), `/health/live`, `/health/ready`, `/sdl`, and
    /// `/metrics` when it has been given metrics.
    pub fn router(&self) -> Router {
        router::routes(self.clone())
    }

    /// Serves on `listener` until `shutdown`, then finishes what is in flight and closes WebSockets with 1001.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<()> {
        let stopping = shutdown.clone();
        let serving = axum::serve(listener, self.router()).with_graceful_shutdown(shutdown.cancelled_owned());
        let deadline = async {
            stopping.cancelled().await;
            self.closing.cancel();
            self.sockets.close();
            tokio::time::sleep(DRAIN_TIMEOUT).await;
        };
        let served = tokio::select! {
            served = async { let served = serving.await; self.sockets.wait().await; served } => served,
            () = deadline => {
                let seconds = DRAIN_TIMEOUT.as_secs();
                tracing::warn!(subgraph = self.subgraph.name, "requests were still in flight {seconds} s after shutdown");
                Ok(())
            }
        };
        served
    }

    pub(super) const fn verifier(&self) -> &IdentityVerifier {
        &self.verifier
    }

    pub(super) const fn metrics(&self) -> Option<&MetricsHandle> {
        self.metrics.as_ref()
    }

    /// Open WebSockets, waited for at shutdown.
    pub(super) const fn sockets(&self) -> &TaskTracker {
        &self.sockets
    }

    /// Cancelled when WebSockets have to close.
    pub(super) const fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    fn refuse(&self, refusal: Refusal) -> Response<Bytes> {
        self.count("refused");
        tracing::debug!(
            subgraph = self.subgraph.name,
            code = refusal.code,
            reason = refusal.message,
            "refused a request"
        );
        refusal.into_response()
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("selvedge_served_requests_total", "subgraph" => self.subgraph.name, "outcome" => outcome)
            .increment(1);
    }
}
