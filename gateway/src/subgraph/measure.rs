//! Counts and times the requests to a subgraph.

use std::{
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use metrics::{Counter, Histogram, SharedString};
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{
    OperationKind, SubgraphRequest, SubgraphResponse, TransportError,
    ending::{Ended, Ending},
};

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
    type Future = Ended<S::Future, Timed>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        let timed = Timed { kind: request.kind, started: Instant::now(), meters: Arc::clone(&self.meters) };
        Ended::new(self.inner.call(request), timed)
    }
}

/// A request under way.
pub(super) struct Timed {
    meters: Arc<Meters>,
    kind: OperationKind,
    started: Instant,
}

impl Ending for Timed {
    fn end(&mut self, result: &Result<SubgraphResponse, TransportError>) {
        let outcome = result.as_ref().map_or_else(TransportError::code, |_| ANSWERED);
        self.meters.record(self.kind, outcome, self.started);
    }
}
