//! What is told over a response that goes on.

use bytes::Bytes;

use crate::error::{GraphqlError, GraphqlResponse};

/// One step of an operation whose responses are streamed.
#[derive(Debug, Clone, PartialEq)]
pub enum Streamed {
    /// An encoded response.
    Next(Bytes),
    /// The last step.
    End(StreamEnd),
}

/// How a stream ends.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamEnd {
    /// The operation is done.
    Complete,
    /// The gateway ends it, as the error says.
    Failed(GraphqlError),
    /// The gateway stops; the client should come again, and goes to another one.
    Leaving(GraphqlError),
}

/// The response that tells of one error.
pub(super) fn response_of(error: GraphqlError) -> Bytes {
    GraphqlResponse::from_errors(vec![error]).to_bytes()
}
