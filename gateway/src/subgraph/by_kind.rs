//! Sends subscriptions one way and everything else another.

use std::task::{Context, Poll};

use futures::future::Either;
use tower::Service;

use super::{OperationKind, SubgraphRequest, SubgraphResponse, TransportError};

/// Two transports to one subgraph.
#[derive(Clone)]
pub(super) struct ByKind<S, W> {
    pub(super) single: S,
    pub(super) subscription: W,
}

impl<S, W> Service<SubgraphRequest> for ByKind<S, W>
where
    S: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
    W: Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>,
{
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = Either<S::Future, W::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        match self.single.poll_ready(context) {
            Poll::Ready(Ok(())) => self.subscription.poll_ready(context),
            other => other,
        }
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        match request.kind {
            OperationKind::Subscription => Either::Right(self.subscription.call(request)),
            OperationKind::Query | OperationKind::Mutation => Either::Left(self.single.call(request)),
        }
    }
}
