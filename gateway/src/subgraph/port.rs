//! The request and response of every subgraph transport.
//!
//! A transport is a `tower::Service<SubgraphRequest, Response = SubgraphResponse, Error = TransportError>`.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::{CallContext, HeaderList, TransportError};
use crate::operation::OperationKind;

/// The request header that carries the identity that the gateway signs.
pub const IDENTITY_HEADER: &str = "x-selvedge-identity";
/// The header that ties log lines, events and answers of one request together.
pub const CORRELATION_HEADER: &str = "x-correlation-id";

/// The responses of one subscription; each item is one GraphQL response in JSON.
pub type SubgraphEvents = BoxStream<'static, Result<Bytes, TransportError>>;

/// One GraphQL operation for a subgraph; cheap to clone.
#[derive(Debug, Clone)]
pub struct SubgraphRequest {
    /// The GraphQL request in JSON: `{"query", "variables", "operationName"}`.
    pub body: Bytes,
    /// Decides on repetition, and whether the answer is a stream.
    pub kind: OperationKind,
    /// For whom it is made.
    pub context: Arc<CallContext>,
    /// Headers beyond those of the context; set by the rules' layer.
    pub added: HeaderList,
    /// When the gateway gives up on it; set by the timeout layer.
    pub deadline: Option<Instant>,
    /// How many evictions the cache of answers has seen: the answer must not be older than the last of them.
    pub moment: u64,
}

impl SubgraphRequest {
    /// A request on behalf of `context`.
    #[must_use]
    pub fn new(kind: OperationKind, body: Bytes, context: Arc<CallContext>) -> Self {
        Self { body, kind, context, added: HeaderList::default(), deadline: None, moment: 0 }
    }

    /// Adds a header; requests that differ in it are different.
    pub fn add_header(&mut self, name: HeaderName, value: HeaderValue) {
        let others = self.added.iter().map(|(name, value)| (name.clone(), value.clone()));
        self.added = others.chain([(name, value)]).collect();
    }

    /// The headers that go along.
    #[must_use]
    pub fn headers(&self) -> Cow<'_, HeaderMap> {
        if self.added.is_empty() {
            return Cow::Borrowed(&self.context.headers);
        }
        let mut headers = self.context.headers.clone();
        self.added.append_to(&mut headers);
        Cow::Owned(headers)
    }
}

/// What a subgraph answered.
pub struct SubgraphResponse {
    /// The HTTP status; 200 from transports that have none.
    pub status: StatusCode,
    /// The response headers, empty from transports that have none.
    pub headers: HeaderMap,
    /// The answer.
    pub body: SubgraphBody,
}

impl SubgraphResponse {
    /// A whole answer with status 200.
    #[must_use]
    pub fn complete(body: Bytes) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), body: SubgraphBody::Complete(body) }
    }

    /// A stream of answers with status 200.
    #[must_use]
    pub fn stream(events: SubgraphEvents) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), body: SubgraphBody::Stream(events) }
    }
}

/// One answer, or many.
pub enum SubgraphBody {
    /// One GraphQL response in JSON.
    Complete(Bytes),
    /// Many of them: the answer to a subscription.
    Stream(SubgraphEvents),
}
