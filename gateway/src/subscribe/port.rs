//! What the protocols need of the pipeline.

use bytes::Bytes;
use futures::future::BoxFuture;

use super::Subscription;
use crate::{
    authenticate::{AuthenticateError, CorrelationId, Identity},
    error::GraphqlError,
    request::GraphqlRequest,
    subgraph::HeaderList,
};

/// Who runs an operation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The verified caller.
    pub identity: Identity,
    /// Ties everything about the request together.
    pub correlation: CorrelationId,
    /// The headers of the request that rules may pass on to subgraphs.
    pub forwarded: HeaderList,
}

/// A started operation.
pub enum Running {
    /// A query or mutation: its one encoded response.
    Single(Bytes),
    /// A subscription.
    Stream(Subscription),
}

/// Runs operations of any kind for a connection.
pub trait RunOperation: Send + Sync + 'static {
    /// Runs one operation; errors are those of a request that never ran.
    fn run(&self, request: GraphqlRequest, caller: Caller) -> BoxFuture<'static, Result<Running, Vec<GraphqlError>>>;

    /// Verifies the text of an `authorization` header.
    fn authenticate(&self, authorization: String) -> BoxFuture<'static, Result<Identity, AuthenticateError>>;

    /// How long `identity` may still act; `None` is without end.
    fn time_left(&self, identity: &Identity) -> Option<std::time::Duration>;
}
