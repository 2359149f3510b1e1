//! Gives up on an answer that takes too long.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
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
    S::Future: Send + 'static,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        let answer = tokio::time::timeout(self.timeout, self.inner.call(request));
        let subgraph = Arc::clone(&self.subgraph);
        let timeout_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
        async move {
            match answer.await {
                Ok(result) => result,
                Err(_elapsed) => Err(TransportError::Timeout { subgraph: subgraph.to_string(), timeout_ms }),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use tower::{ServiceExt, service_fn};

    use super::{super::OperationKind, *};

    #[tokio::test]
    async fn names_the_subgraph_and_the_time() {
        let never = service_fn(|_: SubgraphRequest| std::future::pending());
        let layer = TimeoutLayer { subgraph: "inventory".into(), timeout: Duration::from_millis(20) };
        let request = SubgraphRequest { body: Bytes::new(), headers: HeaderMap::new(), kind: OperationKind::Query };
        let error = layer.layer(never).oneshot(request).await.err().unwrap();
        assert_eq!(error.to_string(), "subgraph `inventory` did not answer within 20 ms");
        assert_eq!(error.code(), "SUBGRAPH_TIMEOUT");
    }
}
