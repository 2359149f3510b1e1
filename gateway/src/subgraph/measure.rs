//! Counts and times the requests to a subgraph.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{SubgraphRequest, SubgraphResponse, TransportError};

/// Adds [`Measure`].
#[derive(Clone)]
pub(super) struct MeasureLayer {
    pub(super) subgraph: Arc<str>,
}

impl<S> Layer<S> for MeasureLayer {
    type Service = Measure<S>;

    fn layer(&self, inner: S) -> Measure<S> {
        Measure { inner, subgraph: Arc::clone(&self.subgraph) }
    }
}

/// Records `selvedge_subgraph_requests_total` (labels subgraph, kind, outcome) and
/// `selvedge_subgraph_request_duration_seconds` (label subgraph).
#[derive(Clone)]
pub(super) struct Measure<S> {
    inner: S,
    subgraph: Arc<str>,
}

impl<S> Service<SubgraphRequest> for Measure<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
    S::Future: Send + 'static,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        let kind = request.kind.as_str();
        let subgraph = Arc::clone(&self.subgraph);
        let started = Instant::now();
        let answer = self.inner.call(request);
        async move {
            let result = answer.await;
            let outcome = result.as_ref().map_or_else(TransportError::code, |_| "OK");
            let labels = [("subgraph", metrics::SharedString::from(Arc::clone(&subgraph)))];
            metrics::histogram!("selvedge_subgraph_request_duration_seconds", &labels).record(started.elapsed());
            metrics::counter!(
                "selvedge_subgraph_requests_total",
                "subgraph" => subgraph, "kind" => kind, "outcome" => outcome
            )
            .increment(1);
            result
        }
        .boxed()
    }
}
