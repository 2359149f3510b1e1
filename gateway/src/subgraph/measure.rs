//! Counts and times the requests to a subgraph.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use metrics::{Counter, Histogram, SharedString};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{OperationKind, SubgraphRequest, SubgraphResponse, TransportError};

/// The outcome of requests that were answered.
const ANSWERED: &str = "OK";

/// Adds [`Measure`].
#[derive(Clone)]
pub(super) struct MeasureLayer {
    meters: Arc<Meters>,
}

impl MeasureLayer {
    pub(super) fn new(subgraph: Arc<str>) -> Self {
        let meters = Meters { subgraph, seconds: OnceLock::new(), answered: Default::default() };
        Self { meters: Arc::new(meters) }
    }
}

impl<S> Layer<S> for MeasureLayer {
    type Service = Measure<S>;

    fn layer(&self, inner: S) -> Measure<S> {
        Measure { inner, meters: Arc::clone(&self.meters) }
    }
}

/// Handles that are looked up once: when they are first used, since the recorder may be set up after the stack.
struct Meters {
    subgraph: Arc<str>,
    seconds: OnceLock<Histogram>,
    /// For queries, mutations and subscriptions that were answered.
    answered: [OnceLock<Counter>; 3],
}

impl Meters {
    fn record(&self, kind: OperationKind, outcome: &'static str, started: Instant) {
        let seconds = self.seconds.get_or_init(
            || metrics::histogram!("selvedge_subgraph_request_duration_seconds", "subgraph" => self.label()),
        );
        seconds.record(started.elapsed());
        let [queries, mutations, subscriptions] = &self.answered;
        let answered = match kind {
            OperationKind::Query => queries,
            OperationKind::Mutation => mutations,
            OperationKind::Subscription => subscriptions,
        };
        if outcome == ANSWERED {
            answered.get_or_init(|| self.counter(kind, outcome)).increment(1);
        } else {
            self.counter(kind, outcome).increment(1);
        }
    }

    fn counter(&self, kind: OperationKind, outcome: &'static str) -> Counter {
        metrics::counter!(
            "selvedge_subgraph_requests_total",
            "subgraph" => self.label(), "kind" => kind.as_str(), "outcome" => outcome
        )
    }

    fn label(&self) -> SharedString {
        SharedString::from(Arc::clone(&self.subgraph))
    }
}

/// Records `selvedge_subgraph_requests_total` (labels subgraph, kind, outcome) and
/// `selvedge_subgraph_request_duration_seconds` (label subgraph).
#[derive(Clone)]
pub(super) struct Measure<S> {
    inner: S,
    meters: Arc<Meters>,
}

impl<S> Service<SubgraphRequest> for Measure<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = MeasureFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        MeasureFuture {
            kind: request.kind,
            started: Instant::now(),
            meters: Arc::clone(&self.meters),
            answer: self.inner.call(request),
        }
    }
}

pin_project! {
    /// The answer of [`Measure`].
    pub(super) struct MeasureFuture<F> {
        #[pin]
        answer: F,
        meters: Arc<Meters>,
        kind: OperationKind,
        started: Instant,
    }
}

impl<F> Future for MeasureFuture<F>
where
    F: Future<Output = Result<SubgraphResponse, TransportError>>,
{
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.answer.poll(context));
        let outcome = result.as_ref().map_or_else(TransportError::code, |_| ANSWERED);
        this.meters.record(*this.kind, outcome, *this.started);
        Poll::Ready(result)
    }
}
