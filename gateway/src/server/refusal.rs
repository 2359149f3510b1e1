//! Requests that are refused before any operation of theirs runs.

use axum::response::Response;
use http::StatusCode;

use super::door::refuse_for_now;
use crate::{
    authenticate::AuthenticateError,
    hooks,
    request::RequestError,
    respond::{refuse, refuse_request},
    subscribe::LimitReached,
};

/// A refusal, as a ready response.
pub(super) struct Refusal(pub(super) Box<Response>);

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str, message: String) -> Self {
        Self(Box::new(refuse(status, code, message)))
    }

    /// One that does not hold for long: the client is told when to come again.
    pub(super) fn for_now(status: StatusCode, code: &str, message: String) -> Self {
        Self(Box::new(refuse_for_now(status, code, message)))
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self(Box::new(refuse_request(&error)))
    }
}

impl From<hooks::Refusal> for Refusal {
    fn from(refusal: hooks::Refusal) -> Self {
        Self::new(refusal.status, &refusal.code, refusal.message)
    }
}

impl From<AuthenticateError> for Refusal {
    fn from(error: AuthenticateError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, AuthenticateError::CODE, error.to_string())
    }
}

impl From<LimitReached> for Refusal {
    fn from(reached: LimitReached) -> Self {
        Self::for_now(reached.limit.status(), reached.limit.code(), reached.to_string())
    }
}
