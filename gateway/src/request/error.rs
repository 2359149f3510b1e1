//! Why an HTTP request is no GraphQL request.

use http::StatusCode;

/// A request that is refused before any GraphQL is read; the text is for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Another method than GET and POST.
    #[error("GraphQL is served by POST and GET")]
    MethodNotAllowed,
    /// A mutation or subscription by GET.
    #[error("a {kind} must be sent by POST")]
    NeedsPost {
        /// The kind of operation.
        kind: &'static str,
    },
    /// The body is of another type.
    #[error("the content-type must be application/json in UTF-8")]
    UnsupportedContentType,
    /// None of the accepted types can be had.
    #[error("the accept header must allow application/graphql-response+json, application/json or text/event-stream")]
    NotAcceptable,
    /// A subscription by a client that accepts no stream.
    #[error(
        "a subscription needs a WebSocket (graphql-transport-ws), `accept: text/event-stream` or `accept: multipart/mixed;subscriptionSpec=1.0`"
    )]
    NeedsStream,
    /// The body is over the limit.
    #[error("the body is larger than {max_bytes} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        max_bytes: usize,
    },
    /// The body broke off.
    #[error("the body could not be read to its end")]
    BodyInterrupted,
    /// The body took too long to come.
    #[error("the body did not come in time")]
    BodyTooSlow,
    /// The body is no JSON.
    #[error("the body is not valid JSON (line {line}, column {column})")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A parameter is missing or of a wrong type.
    #[error("`{parameter}` must be {expected}")]
    BadParameter {
        /// Its name.
        parameter: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// An array of operations where they are off.
    #[error("arrays of operations are not accepted here")]
    BatchRefused,
    /// Too many operations in one array, or none.
    #[error("an array must hold between 1 and {most} operations")]
    BatchSize {
        /// The limit.
        most: usize,
    },
    /// A request that any web page could make a browser send.
    #[error(
        "the request was refused because a browser could have been tricked into sending it (CSRF); send a content-type of application/json or one of the headers: {headers}"
    )]
    Forgeable {
        /// The headers of which one is needed.
        headers: String,
    },
}

impl RequestError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::MethodNotAllowed | Self::NeedsPost { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAcceptable | Self::NeedsStream => StatusCode::NOT_ACCEPTABLE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyInterrupted
            | Self::NotJson { .. }
            | Self::BadParameter { .. }
            | Self::BatchRefused
            | Self::BatchSize { .. }
            | Self::Forgeable { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The value of `extensions.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MethodNotAllowed | Self::NeedsPost { .. } => "METHOD_NOT_ALLOWED",
            Self::UnsupportedContentType => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable | Self::NeedsStream => "NOT_ACCEPTABLE",
            Self::BodyTooLarge { .. } => "REQUEST_TOO_LARGE",
            Self::BodyTooSlow => "REQUEST_TIMEOUT",
            Self::Forgeable { .. } => "CSRF_REFUSED",
            Self::BatchRefused | Self::BatchSize { .. } => "BATCH_REFUSED",
            Self::BodyInterrupted | Self::NotJson { .. } | Self::BadParameter { .. } => "BAD_REQUEST",
        }
    }
}
