//! Answers: the HTTP form of a GraphQL response, and of a refusal.

use async_graphql::{Response, Value};
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::json;

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
pub(super) fn answer(response: &Response, answer_type: AnswerType, correlation_id: &str) -> http::Response<Bytes> {
    let status = if answer_type == AnswerType::GraphqlResponse && is_request_error(response) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let mut answer = finish(status, answer_type, encode(response));
    if let Ok(value) = HeaderValue::from_str(&cache_control(response)) {
        answer.headers_mut().insert(CACHE_CONTROL, value);
    }
    if let Ok(value) = HeaderValue::from_str(correlation_id) {
        answer.headers_mut().insert(CORRELATION_HEADER, value);
    }
    answer
}

/// How long the answer stays true and for whom, by the hints of the fields and types that it has: the least of them.
/// Fields without a hint do not count; where none has one, or with errors, the answer is not to be kept.
fn cache_control(response: &Response) -> String {
    let hint = response.cache_control;
    if hint.max_age <= 0 || !response.errors.is_empty() {
        return "no-store".to_owned();
    }
    let scope = if hint.public { "public" } else { "private" };
    format!("{scope}, max-age={}", hint.max_age)
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
