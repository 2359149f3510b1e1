//! One subgraph as a server.

use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use futures::stream::BoxStream;
use http::{HeaderMap, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::RunningSubgraph;
use crate::identity::IdentityVerifier;

/// Answers GraphQL requests of one subgraph; cheap to clone.
#[derive(Clone)]
pub struct SubgraphServer {
    subgraph: Arc<RunningSubgraph>,
    verifier: IdentityVerifier,
}

impl SubgraphServer {
    /// A server of `subgraph` that trusts the identities of `verifier`.
    #[must_use]
    pub fn new(subgraph: RunningSubgraph, verifier: IdentityVerifier) -> Self {
        Self { subgraph: Arc::new(subgraph), verifier }
    }

    /// The subgraph.
    #[must_use]
    pub fn subgraph(&self) -> &RunningSubgraph {
        &self.subgraph
    }

    /// Answers one GraphQL-over-HTTP POST (`body` is the JSON request), without a socket.
    pub async fn call(&self, headers: &HeaderMap, body: Bytes) -> Response<Bytes> {
        let _ = (headers, body, &self.verifier);
        Response::new(Bytes::new())
    }

    /// Answers an operation with a stream of JSON responses, without a socket.
    ///
    /// # Errors
    ///
    /// The HTTP response that refuses the request.
    pub fn stream(&self, headers: &HeaderMap, body: &Bytes) -> Result<BoxStream<'static, Bytes>, Response<Bytes>> {
        let _ = (headers, body);
        Err(Response::new(Bytes::new()))
    }

    /// `POST /graphql`, WebSocket `/graphql` (graphql-transport-ws), `/health/live`, `/health/ready`, `/sdl`.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// Serves on `listener` until `shutdown`, then finishes what is in flight.
    ///
    /// # Errors
    ///
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown.cancelled_owned()).await
    }
}
