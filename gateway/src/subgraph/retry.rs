//! Tries a query once more when no connection could be made.
//!
//! Only then: a request that reached the subgraph may have cost it much, and a mutation may have run.

use std::task::{Context, Poll};

use futures::{FutureExt, future::BoxFuture};
use tower::{Layer, Service, ServiceExt};

use super::{OperationKind, SubgraphRequest, SubgraphResponse, TransportError};

/// Adds [`RetryConnect`].
#[derive(Clone, Copy)]
pub(super) struct RetryConnectLayer;

impl<S> Layer<S> for RetryConnectLayer {
    type Service = RetryConnect<S>;

    fn layer(&self, inner: S) -> RetryConnect<S> {
        RetryConnect { inner }
    }
}

/// Repeats a query once on [`TransportError::Unreachable`].
#[derive(Clone)]
pub(super) struct RetryConnect<S> {
    inner: S,
}

impl<S> Service<SubgraphRequest> for RetryConnect<S>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        if request.kind != OperationKind::Query {
            return self.inner.call(request).boxed();
        }
        let again = self.inner.clone();
        let first = self.inner.call(request.clone());
        async move {
            match first.await {
                Err(TransportError::Unreachable { .. }) => again.oneshot(request).await,
                other => other,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use bytes::Bytes;
    use tower::service_fn;

    use super::*;

    async fn attempts(kind: OperationKind) -> usize {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let refused = service_fn(move |_: SubgraphRequest| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Err(TransportError::Unreachable { subgraph: "a".to_owned(), reason: String::new() }) }
        });
        let request = SubgraphRequest::new(kind, Bytes::new(), Arc::default());
        assert!(RetryConnectLayer.layer(refused).oneshot(request).await.is_err());
        calls.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn repeats_queries_alone() {
        assert_eq!(attempts(OperationKind::Query).await, 2);
        assert_eq!(attempts(OperationKind::Mutation).await, 1);
        assert_eq!(attempts(OperationKind::Subscription).await, 1);
    }
}
