//! Answers to requests that are refused before any GraphQL is read.

use axum::response::Response;
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, WWW_AUTHENTICATE},
};

use super::single::json;
use crate::{
    error::{GraphqlError, GraphqlResponse},
    request::{MediaType, RequestError},
};

/// A JSON body with one error, under `status`.
#[must_use]
pub fn refuse(status: StatusCode, code: &str, message: String) -> Response {
    let body = GraphqlResponse::from_errors(vec![GraphqlError::new(code, message)]);
    let mut response = json(status, MediaType::Json, body.to_bytes());
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The answer to a [`RequestError`]; names the right methods where the method was wrong.
#[must_use]
pub fn refuse_request(error: &RequestError) -> Response {
    let mut response = refuse(error.status(), error.code(), error.to_string());
    let allow = match error {
        RequestError::MethodNotAllowed => "GET, POST",
        RequestError::NeedsPost { .. } => "POST",
        _ => return response,
    };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
