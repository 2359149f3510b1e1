//! The hook before every request to a subgraph.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::FutureExt;
use tower::Service;

use super::HookChain;
use crate::subgraph::{SubgraphAnswer, SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError};

/// Calls hooks, then the transport.
#[derive(Clone)]
pub(super) struct HookedTransport {
    pub(super) subgraph: Arc<str>,
    pub(super) hooks: HookChain,
    pub(super) inner: SubgraphTransport,
}

impl Service<SubgraphRequest> for HookedTransport {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = SubgraphAnswer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: SubgraphRequest) -> SubgraphAnswer {
        let hooked = self.clone();
        async move {
            hooked.hooks.on_subgraph_request(&hooked.subgraph, &mut request).await?;
            hooked.inner.call(request).await
        }
        .boxed()
    }
}
