//! A request that a hook does not let through.

use http::StatusCode;

use crate::error::GraphqlError;

/// Why a hook does not let a request through, for the client: the message leaves the gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The status of the answer, where the request is one of HTTP and not one of several.
    pub status: StatusCode,
    /// The stable code in `extensions.code`.
    pub code: String,
    /// The message.
    pub message: String,
}

impl Refusal {
    /// A refusal with this status, code and message.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// 403 `FORBIDDEN`.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }
}

impl From<&Refusal> for GraphqlError {
    fn from(refusal: &Refusal) -> Self {
        Self::new(&refusal.code, refusal.message.clone())
    }
}
