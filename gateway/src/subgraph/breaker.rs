//! Leaves a subgraph alone that keeps failing.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::Either;
use metrics::SharedString;
use parking_lot::Mutex;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{
    OperationKind, SubgraphRequest, SubgraphResponse, TransportError,
    circuit::{Circuit, Outcome, State, Ticket},
    ending::{Ended, Ending},
};
use crate::config::CircuitBreakerConfig;

/// Adds [`Breaker`].
#[derive(Clone)]
pub(super) struct BreakerLayer(Arc<Watched>);

impl BreakerLayer {
    /// A breaker, or none when it is switched off.
    pub(super) fn new(subgraph: Arc<str>, config: &CircuitBreakerConfig) -> Option<Self> {
        let circuit = Mutex::new(Circuit::new(config.clone(), Instant::now()));
        config.enabled.then(|| Self(Arc::new(Watched { subgraph, circuit })))
    }
}

impl<S> Layer<S> for BreakerLayer {
    type Service = Breaker<S>;

    fn layer(&self, inner: S) -> Breaker<S> {
        Breaker { inner, watched: Arc::clone(&self.0) }
    }
}

/// A circuit whose changes are logged and counted.
struct Watched {
    subgraph: Arc<str>,
    circuit: Mutex<Circuit>,
}

impl Watched {
    fn admit(&self) -> Option<Ticket> {
        self.change(|circuit| circuit.admit(Instant::now()))
    }

    fn record(&self, ticket: Ticket, outcome: Outcome) {
        self.change(|circuit| circuit.record(ticket, outcome, Instant::now()));
    }

    fn change<T>(&self, act: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuit = self.circuit.lock();
        let before = circuit.state();
        let done = act(&mut circuit);
        let after = circuit.state();
        drop(circuit);
        if before != after {
            self.tell(after);
        }
        done
    }

    fn tell(&self, state: State) {
        let subgraph = || SharedString::from(Arc::clone(&self.subgraph));
        let (level, to) = match state {
            State::Closed => (0.0, state.as_str()),
            State::HalfOpen => (1.0, state.as_str()),
            State::Open => (2.0, state.as_str()),
        };
        metrics::gauge!("selvedge_subgraph_circuit_state", "subgraph" => subgraph()).set(level);
        metrics::counter!("selvedge_subgraph_circuit_transitions_total", "subgraph" => subgraph(), "to" => to)
            .increment(1);
        match state {
            State::Open => tracing::warn!(subgraph = %self.subgraph, "subgraph keeps failing and is left alone"),
            State::HalfOpen => tracing::info!(subgraph = %self.subgraph, "subgraph is probed"),
            State::Closed => tracing::info!(subgraph = %self.subgraph, "subgraph is well again"),
        }
    }
}

/// Answers with [`TransportError::CircuitOpen`] while the circuit is open. Subscriptions pass.
#[derive(Clone)]
pub(super) struct Breaker<S> {
    inner: S,
    watched: Arc<Watched>,
}

impl<S> Service<SubgraphRequest> for Breaker<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = Either<Ended<S::Future, Trip>, std::future::Ready<Result<SubgraphResponse, TransportError>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        // Many subscriptions share one attempt, whose failure would count as often; they have a gate of their own.
        let ticket = if request.kind == OperationKind::Subscription { None } else { Some(self.watched.admit()) };
        if matches!(ticket, Some(None)) {
            let refusal = TransportError::CircuitOpen { subgraph: self.watched.subgraph.to_string() };
            return Either::Right(std::future::ready(Err(refusal)));
        }
        let ticket = ticket.flatten();
        let trip = Trip { watched: Arc::clone(&self.watched), ticket, deadline: request.deadline };
        Either::Left(Ended::new(self.inner.call(request), trip))
    }
}

/// A trip whose outcome is recorded in any case.
pub(super) struct Trip {
    watched: Arc<Watched>,
    ticket: Option<Ticket>,
    deadline: Option<Instant>,
}

impl Trip {
    fn record(&mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.watched.record(ticket, outcome);
        }
    }
}

impl Ending for Trip {
    fn end(&mut self, result: &Result<SubgraphResponse, TransportError>) {
        self.record(outcome(result));
    }
}

impl Drop for Trip {
    /// Abandoned: by the timeout, which is the subgraph's fault, or by a client that went away, which is not.
    fn drop(&mut self) {
        let is_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.record(if is_late { Outcome::Failure } else { Outcome::Unknown });
    }
}

fn outcome(result: &Result<SubgraphResponse, TransportError>) -> Outcome {
    match result {
        Ok(response) if response.status.is_server_error() => Outcome::Failure,
        Ok(_) => Outcome::Success,
        Err(error) => match error {
            TransportError::Timeout { .. }
            | TransportError::Unreachable { .. }
            | TransportError::NoAnswer { .. }
            | TransportError::Interrupted { .. } => Outcome::Failure,
            // It answers; that the answer is of no use is no reason to stop asking, unless it says that it is down.
            TransportError::Status { status, .. } if *status >= 500 => Outcome::Failure,
            TransportError::Status { .. }
            | TransportError::NotGraphql { .. }
            | TransportError::ResponseTooLarge { .. }
            | TransportError::Refused { .. }
            | TransportError::Resubscribe { .. } => Outcome::Success,
            TransportError::CircuitOpen { .. } | TransportError::Overloaded { .. } | TransportError::Unknown { .. } => {
                Outcome::Unknown
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
        time::Duration,
    };

    use bytes::Bytes;
    use tower::{ServiceBuilder, service_fn};

    use super::{
        super::{OperationKind, SubgraphTransport, timeout::TimeoutLayer},
        *,
    };

    /// A subgraph that hangs while it is ill, behind a timeout and a breaker.
    struct Ward {
        stack: SubgraphTransport,
        ill: Arc<AtomicBool>,
        calls: Arc<AtomicUsize>,
    }

    fn ward() -> Ward {
        let (ill, calls) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let (is_ill, counted) = (Arc::clone(&ill), Arc::clone(&calls));
        let inner = service_fn(move |_: SubgraphRequest| {
            counted.fetch_add(1, Ordering::SeqCst);
            let is_ill = is_ill.load(Ordering::SeqCst);
            async move {
                if is_ill {
                    std::future::pending::<()>().await;
                }
                Ok(SubgraphResponse::complete(Bytes::new()))
            }
        });
        let config = CircuitBreakerConfig { min_requests: 3, probes: 2, ..CircuitBreakerConfig::default() };
        let stack = ServiceBuilder::new()
            .layer(TimeoutLayer { subgraph: "a".into(), timeout: Duration::from_millis(100) })
            .layer(BreakerLayer::new("a".into(), &config).unwrap())
            .service(inner);
        Ward { stack: stack.into(), ill, calls }
    }

    async fn ask(ward: &Ward) -> &'static str {
        let request = SubgraphRequest::new(OperationKind::Query, Bytes::new(), Arc::default());
        ward.stack.call(request).await.map_or_else(|error| error.code(), |_| "OK")
    }

    #[tokio::test(start_paused = true)]
    async fn timeouts_trip_it_and_probes_heal_it() {
        let ward = ward();
        for _ in 0..3 {
            assert_eq!(ask(&ward).await, "SUBGRAPH_TIMEOUT");
        }
        let started = Instant::now();
        assert_eq!(ask(&ward).await, "SUBGRAPH_CIRCUIT_OPEN");
        assert_eq!((started.elapsed(), ward.calls.load(Ordering::SeqCst)), (Duration::ZERO, 3));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(ask(&ward).await, "SUBGRAPH_TIMEOUT", "a probe");
        assert_eq!(ask(&ward).await, "SUBGRAPH_CIRCUIT_OPEN");
        tokio::time::sleep(Duration::from_secs(5)).await;
        ward.ill.store(false, Ordering::SeqCst);
        for _ in 0..5 {
            assert_eq!(ask(&ward).await, "OK");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_go_away_do_not_trip_it() {
        let ward = ward();
        for _ in 0..10 {
            assert!(tokio::time::timeout(Duration::from_millis(50), ask(&ward)).await.is_err());
        }
        ward.ill.store(false, Ordering::SeqCst);
        assert_eq!(ask(&ward).await, "OK");
    }
}
