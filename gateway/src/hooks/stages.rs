//! One method per stage.

use async_trait::async_trait;
use http::{HeaderMap, Method};

use super::Refusal;
use crate::{
    error::GraphqlResponse,
    plan::PreparedOperation,
    request::GraphqlRequest,
    subgraph::{SubgraphRequest, TransportError},
    subscribe::Caller,
};

/// The head of the HTTP request that carried an operation, or that opened its WebSocket; hooks find it in
/// [`Caller::extensions`].
#[derive(Debug, Clone)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
}

/// An installation's own part in a request, stage by stage, in the order of the methods. Several hooks run in the order
/// in which they were registered; the first refusal ends the request.
///
/// All stages run for HTTP (each operation of an array by itself), server-sent events and WebSockets alike.
#[async_trait]
pub trait Hooks: Send + Sync + 'static {
    /// The caller is known: once for an HTTP request, with its body read; for a WebSocket at its handshake, and again
    /// at `connection_init` when that brings a token.
    async fn on_identity(&self, caller: &mut Caller) -> Result<(), Refusal> {
        let _ = caller;
        Ok(())
    }

    /// An operation was read. What is changed in it is what is prepared and run.
    async fn on_request(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        let _ = (request, caller);
        Ok(())
    }

    /// The operation was parsed, validated and planned.
    async fn on_prepared(&self, operation: &PreparedOperation, caller: &mut Caller) -> Result<(), Refusal> {
        let _ = (operation, caller);
        Ok(())
    }

    /// The operation is about to run; a subscription, to be opened. Variables can still be changed, and the caller be told
    /// to subgraphs. The text of the operation is not read again.
    async fn before_execute(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        let _ = (request, caller);
        Ok(())
    }

    /// A subgraph is about to be asked: for each fetch, and each time that a stream is opened. An error fails that fetch
    /// alone.
    async fn on_subgraph_request(&self, subgraph: &str, request: &mut SubgraphRequest) -> Result<(), TransportError> {
        let _ = (subgraph, request);
        Ok(())
    }

    /// The answer to a query or mutation is ready to be written, also when it was refused before it ran. Events of
    /// subscriptions are written once for all who listen, and do not come here.
    async fn on_response(&self, response: &mut GraphqlResponse, caller: &Caller) {
        let _ = (response, caller);
    }
}
