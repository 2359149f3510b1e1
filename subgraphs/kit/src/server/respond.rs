//! Answers: the HTTP form of a GraphQL response, and of a refusal.

use async_graphql::{Response, Value};
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, VARY},
};
use serde_json::json;

use crate::identity::{IDENTITY_HEADER, Identity};

/// Names the request in answers, logs and events.
pub(super) const CORRELATION_HEADER: &str = "x-correlation-id";

/// The media type that an answer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerType {
    /// `application/json`: status 200 whatever the errors.
    Json,
    /// `application/graphql-response+json`: status 400 when the request itself was at fault.
    GraphqlResponse,
}

impl AnswerType {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }
}

/// A request that was not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) const fn new(status: StatusCode, code: &'static str, message: String) -> Self {
        Self { status, code, message }
    }

    /// As a GraphQL answer, which every GraphQL client can read.
    pub(super) fn into_response(self) -> http::Response<Bytes> {
        let body = json!({"errors": [{"message": self.message, "extensions": {"code": self.code}}]}).to_string();
        finish(self.status, AnswerType::Json, Bytes::from(body))
    }
}

/// The answer to an executed request.
pub(super) fn answer(response: &Response, answer_type: AnswerType, identity: &Identity) -> http::Response<Bytes> {
    let status = if answer_type == AnswerType::GraphqlResponse && is_request_error(response) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let mut answer = finish(status, answer_type, encode(response));
    let (control, varies) = cache_control(response, identity.subject.is_none());
    if let Ok(value) = HeaderValue::from_str(&control) {
        answer.headers_mut().insert(CACHE_CONTROL, value);
    }
    if varies {
        answer.headers_mut().insert(VARY, HeaderValue::from_static(IDENTITY_HEADER));
    }
    if let Ok(value) = HeaderValue::from_str(&identity.correlation_id) {
        answer.headers_mut().insert(CORRELATION_HEADER, value);
    }
    answer
}

/// How long the answer stays true and for whom, by the hints of the fields and types that it has: the least of them.
/// Fields without a hint do not count; where none has one, or with errors, the answer is not to be kept. What is a
/// caller's own belongs to nobody when nobody asks: others who are not known may have it, those who are may not. So it
/// varies with the identity (the second value).
fn cache_control(response: &Response, is_anonymous: bool) -> (String, bool) {
    let hint = response.cache_control;
    if hint.max_age <= 0 || !response.errors.is_empty() {
        return ("no-store".to_owned(), false);
    }
    match (hint.public, is_anonymous) {
        (true, _) => (format!("public, max-age={}", hint.max_age), false),
        (false, true) => (format!("max-age={}", hint.max_age), true),
        (false, false) => (format!("private, max-age={}", hint.max_age), false),
    }
}

/// The JSON of `response`.
pub(super) fn encode(response: &Response) -> Bytes {
    serde_json::to_vec(response).map_or_else(
        |error| {
            tracing::error!(%error, "a GraphQL response could not be written as JSON");
            Bytes::from_static(
                br#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#,
            )
        },
        Bytes::from,
    )
}

/// Whether the request was refused before execution (parsing, validation): no data, and no error that has a path.
pub(super) fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

fn finish(status: StatusCode, answer_type: AnswerType, body: Bytes) -> http::Response<Bytes> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer_type.media_type()));
    response
}
