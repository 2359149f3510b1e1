//! Gives a subgraph a limited number of requests at a time; what waits too long, or comes when too many wait, is shed.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use metrics::SharedString;
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service};

use super::{OperationKind, SubgraphRequest, SubgraphResponse, TransportError};
use crate::config::ConcurrencyConfig;

/// Adds [`Concurrency`].
#[derive(Clone)]
pub(super) struct ConcurrencyLayer(Arc<Gate>);

impl ConcurrencyLayer {
    /// A limit, or none when none is configured.
    pub(super) fn new(subgraph: Arc<str>, config: &ConcurrencyConfig) -> Option<Self> {
        let gate = Gate {
            subgraph,
            room: Arc::new(Semaphore::new(config.max_requests?.min(Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            max_waiting: config.max_waiting,
            max_wait: Duration::from_millis(config.max_wait_ms),
        };
        Some(Self(Arc::new(gate)))
    }
}

impl<S> Layer<S> for ConcurrencyLayer {
    type Service = Concurrency<S>;

    fn layer(&self, inner: S) -> Concurrency<S> {
        Concurrency { inner, gate: Arc::clone(&self.0) }
    }
}

struct Gate {
    subgraph: Arc<str>,
    room: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
    max_wait: Duration,
}

/// One that waits; counted as long as it lives.
struct Waiting(Arc<Gate>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    /// Waits for room.
    fn wait(self: &Arc<Self>) -> BoxFuture<'static, Result<OwnedSemaphorePermit, TransportError>> {
        let others = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(Arc::clone(self));
        let is_full = others >= self.max_waiting;
        async move {
            let gate = &waiting.0;
            if is_full {
                return Err(gate.shed("queue_full"));
            }
            let room = Arc::clone(&gate.room).acquire_owned();
            match tokio::time::timeout(gate.max_wait, room).await {
                Ok(Ok(permit)) => Ok(permit),
                // The semaphore is never closed.
                Ok(Err(_)) | Err(_) => Err(gate.shed("waited_too_long")),
            }
        }
        .boxed()
    }

    fn shed(&self, why: &'static str) -> TransportError {
        let subgraph = SharedString::from(Arc::clone(&self.subgraph));
        metrics::counter!("selvedge_subgraph_shed_total", "subgraph" => subgraph, "why" => why).increment(1);
        TransportError::Overloaded { subgraph: self.subgraph.to_string() }
    }
}

/// Answers with [`TransportError::Overloaded`] what finds no room in time. Subscriptions pass: they are started under
/// limits of their own.
#[derive(Clone)]
pub(super) struct Concurrency<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Service<SubgraphRequest> for Concurrency<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = ConcurrencyFuture<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        // Those that wait for the subgraph to come back would leave no room for anything else.
        if request.kind == OperationKind::Subscription {
            return ConcurrencyFuture::Running { permit: None, answer: self.inner.call(request) };
        }
        match Arc::clone(&self.gate.room).try_acquire_owned() {
            Ok(permit) => ConcurrencyFuture::Running { permit: Some(permit), answer: self.inner.call(request) },
            Err(_) => {
                ConcurrencyFuture::Waiting { permit: self.gate.wait(), next: Some((self.inner.clone(), request)) }
            }
        }
    }
}

pin_project! {
    /// The answer of [`Concurrency`].
    #[project = Stage]
    pub(super) enum ConcurrencyFuture<S: Service<SubgraphRequest>> {
        Waiting {
            permit: BoxFuture<'static, Result<OwnedSemaphorePermit, TransportError>>,
            next: Option<(S, SubgraphRequest)>,
        },
        Running {
            // Held until the answer is there.
            permit: Option<OwnedSemaphorePermit>,
            #[pin]
            answer: S::Future,
        },
    }
}

impl<S> Future for ConcurrencyFuture<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Stage::Running { answer, .. } => return answer.poll(context),
                Stage::Waiting { permit, next } => {
                    let permit = ready!(permit.poll_unpin(context))?;
                    let Some((mut service, request)) = next.take() else { return Poll::Pending };
                    let answer = service.call(request);
                    self.set(Self::Running { permit: Some(permit), answer });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::future::join_all;
    use tokio::time::Instant;
    use tower::service_fn;

    use super::{super::SubgraphTransport, *};

    /// A subgraph that takes 100 ms for each request, and how many it had at most at a time.
    fn stack(config: &ConcurrencyConfig) -> (SubgraphTransport, Arc<AtomicUsize>) {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&most);
        let inner = service_fn(move |_: SubgraphRequest| {
            let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
            async move {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(SubgraphResponse::complete(Bytes::new()))
            }
        });
        (ConcurrencyLayer::new("a".into(), config).unwrap().layer(inner).into(), most)
    }

    fn request() -> SubgraphRequest {
        SubgraphRequest::new(OperationKind::Query, Bytes::new(), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_waits_and_what_does_not_fit_is_shed_at_once() {
        let config = ConcurrencyConfig { max_requests: Some(2), max_waiting: 3, max_wait_ms: 10_000 };
        let (stack, most) = stack(&config);
        let started = Instant::now();
        let answers = join_all((0..8).map(|_| stack.call(request()))).await;
        let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(TransportError::code)).collect();
        assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 5);
        assert_eq!(codes.iter().filter(|code| **code == Some("SUBGRAPH_OVERLOADED")).count(), 3);
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(started.elapsed().as_millis(), 300);
        assert!(stack.call(request()).await.is_ok(), "there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn subscriptions_are_started_beside_the_rest() {
        let config = ConcurrencyConfig { max_requests: Some(1), max_waiting: 0, max_wait_ms: 0 };
        let (stack, most) = stack(&config);
        let subscription = || SubgraphRequest { kind: OperationKind::Subscription, ..request() };
        let all = join_all((0..5).map(|_| stack.call(subscription())).chain([stack.call(request())])).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(most.load(Ordering::SeqCst), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_allowed_and_who_leaves_makes_room() {
        let config = ConcurrencyConfig { max_requests: Some(1), max_waiting: 1, max_wait_ms: 50 };
        let (stack, _) = stack(&config);
        let mut first = stack.call(request());
        assert!(futures::poll!(&mut first).is_pending());
        let started = Instant::now();
        assert_eq!(stack.call(request()).await.err().unwrap().code(), "SUBGRAPH_OVERLOADED");
        assert_eq!(started.elapsed().as_millis(), 50);
        drop(first);
        assert!(stack.call(request()).await.is_ok());
    }
}
