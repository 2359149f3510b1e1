//! The transport between gateway and subgraph inside one process: no socket, no second encoding.

use std::future::Future;

use futures::{FutureExt, StreamExt, future::BoxFuture};
use selvedge_gateway::{
    operation::OperationKind,
    subgraph::{SubgraphBody, SubgraphRequest, SubgraphResponse, TransportError},
};
use selvedge_kit::server::SubgraphServer;
use tokio_util::task::AbortOnDropHandle;
use tower::service_fn;

/// A gateway transport that asks `server` directly.
pub(crate) fn in_process(
    server: SubgraphServer,
) -> impl tower::Service<
    SubgraphRequest,
    Response = SubgraphResponse,
    Error = TransportError,
    Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>,
> + Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |request: SubgraphRequest| {
        on_its_own_task(server.subgraph().name, call(server.clone(), request)).boxed()
    })
}

/// Subgraphs compute on tasks of their own: the fetches of one operation use several cores, and one that computes for
/// long cannot keep the gateway's timeout from firing. A call that nobody waits for any more is stopped.
async fn on_its_own_task(
    subgraph: &'static str,
    call: impl Future<Output = Result<SubgraphResponse, TransportError>> + Send + 'static,
) -> Result<SubgraphResponse, TransportError> {
    match AbortOnDropHandle::new(tokio::spawn(call)).await {
        Ok(answer) => answer,
        Err(error) => Err(TransportError::Interrupted { subgraph: subgraph.to_owned(), reason: error.to_string() }),
    }
}

async fn call(server: SubgraphServer, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
    if request.kind == OperationKind::Subscription {
        return match server.stream(&request.headers(), &request.body) {
            Ok(events) => Ok(SubgraphResponse::stream(events.map(Ok).boxed())),
            Err(refusal) => Err(TransportError::Refused {
                subgraph: server.subgraph().name.to_owned(),
                reason: String::from_utf8_lossy(refusal.body()).into_owned(),
            }),
        };
    }
    let (parts, body) = server.call(&request.headers(), request.body.clone()).await.into_parts();
    Ok(SubgraphResponse { status: parts.status, headers: parts.headers, body: SubgraphBody::Complete(body) })
}
