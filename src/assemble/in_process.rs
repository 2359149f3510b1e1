//! The transport between gateway and subgraph inside one process: no socket, no second encoding.

use futures::{FutureExt, StreamExt, future::BoxFuture};
use selvedge_gateway::{
    operation::OperationKind,
    subgraph::{SubgraphBody, SubgraphRequest, SubgraphResponse, TransportError},
};
use selvedge_kit::server::SubgraphServer;
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
    service_fn(move |request: SubgraphRequest| call(server.clone(), request).boxed())
}

async fn call(server: SubgraphServer, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
    if request.kind == OperationKind::Subscription {
        return match server.stream(&request.headers, &request.body) {
            Ok(events) => Ok(SubgraphResponse::stream(events.map(Ok).boxed())),
            Err(refusal) => Err(TransportError::Refused {
                subgraph: server.subgraph().name.to_owned(),
                reason: String::from_utf8_lossy(refusal.body()).into_owned(),
            }),
        };
    }
    let (parts, body) = server.call(&request.headers, request.body).await.into_parts();
    Ok(SubgraphResponse { status: parts.status, headers: parts.headers, body: SubgraphBody::Complete(body) })
}
