//! Gives up on an answer that takes too long.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::{SubgraphRequest, SubgraphResponse, TransportError};

/// Adds [`Timeout`].
#[derive(Clone)]
pub(super) struct TimeoutLayer {
    pub(super) subgraph: Arc<str>,
    pub(super) timeout: Duration,
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, subgraph: Arc::clone(&self.subgraph), timeout: self.timeout }
    }
}

/// Answers with [`TransportError::Timeout`] when the inner service takes too long. Of a subscription it times only
/// the start: the stream may then be silent.
#[derive(Clone)]
pub(super) struct Timeout<S> {
    inner: S,
    subgraph: Arc<str>,
    timeout: Duration,
}

impl<S> Service<SubgraphRequest> for Timeout<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: SubgraphRequest) -> Self::Future {
        let own = Instant::now() + self.timeout;
        // The layers below plan with what is left.
        request.deadline = Some(request.context.deadline.map_or(own, |deadline| deadline.min(own)));
        TimeoutFuture {
            answer: tokio::time::timeout_at(own, self.inner.call(request)),
            subgraph: Arc::clone(&self.subgraph),
            timeout: self.timeout,
        }
    }
}

pin_project! {
    /// The answer of [`Timeout`].
    pub(super) struct TimeoutFuture<F> {
        #[pin]
        answer: tokio::time::Timeout<F>,
        subgraph: Arc<str>,
        timeout: Duration,
    }
}

impl<F> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<SubgraphResponse, TransportError>>,
{
    type Output = Result<SubgraphResponse, TransportError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(ready!(this.answer.poll(context)).unwrap_or_else(|_elapsed| {
            let timeout_ms = u64::try_from(this.timeout.as_millis()).unwrap_or(u64::MAX);
            Err(TransportError::Timeout { subgraph: this.subgraph.to_string(), timeout_ms })
        }))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tower::{ServiceExt, service_fn};

    use super::{
        super::{CallContext, OperationKind},
        *,
    };

    fn layer(timeout_ms: u64) -> TimeoutLayer {
        TimeoutLayer { subgraph: "inventory".into(), timeout: Duration::from_millis(timeout_ms) }
    }

    #[tokio::test(start_paused = true)]
    async fn names_the_subgraph_and_the_time() {
        let never = service_fn(|_: SubgraphRequest| std::future::pending());
        let request = SubgraphRequest::new(OperationKind::Query, Bytes::new(), Arc::default());
        let started = Instant::now();
        let error = layer(20).layer(never).oneshot(request).await.err().unwrap();
        assert_eq!(error.to_string(), "subgraph `inventory` did not answer within 20 ms");
        assert_eq!(error.code(), "SUBGRAPH_TIMEOUT");
        assert!(started.elapsed() < Duration::from_millis(30));
    }

    #[tokio::test(start_paused = true)]
    async fn tells_the_layers_below_when_it_is_over() {
        let now = Instant::now();
        let deadline_with = async |client: Option<Instant>| {
            let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
            let inner = service_fn(move |request: SubgraphRequest| {
                sender.send(request.deadline).unwrap();
                async { Ok(SubgraphResponse::complete(Bytes::new())) }
            });
            let context = Arc::new(CallContext { deadline: client, ..CallContext::default() });
            let request = SubgraphRequest::new(OperationKind::Query, Bytes::new(), context);
            layer(50).layer(inner).oneshot(request).await.unwrap();
            seen.recv().await.unwrap().unwrap().duration_since(now)
        };
        assert_eq!(deadline_with(None).await, Duration::from_millis(50));
        assert_eq!(deadline_with(Some(now + Duration::from_millis(10))).await, Duration::from_millis(10));
        assert_eq!(deadline_with(Some(now + Duration::from_secs(10))).await, Duration::from_millis(50));
    }
}
