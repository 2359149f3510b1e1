//! Responses that are one JSON document.

use axum::{body::Body, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};

use super::status_of;
use crate::{error::GraphqlResponse, request::MediaType};

/// One GraphQL response as `media_type`.
#[must_use]
pub fn respond(response: &GraphqlResponse, media_type: MediaType) -> Response {
    json(status_of(response, media_type), media_type, response.to_bytes())
}

/// Adds the headers of subgraphs that go to the client.
pub fn add_headers(headers: &HeaderMap, http_response: &mut Response) {
    for (name, value) in headers {
        http_response.headers_mut().append(name.clone(), value.clone());
    }
}

/// An array of GraphQL responses.
#[must_use]
pub fn respond_batch(responses: &[GraphqlResponse], media_type: MediaType) -> Response {
    let mut body = BytesMut::new();
    for (index, response) in responses.iter().enumerate() {
        body.put_u8(if index == 0 { b'[' } else { b',' });
        body.put(response.to_bytes());
    }
    body.put_u8(b']');
    let mut http_response = json(StatusCode::OK, media_type, body.freeze());
    responses.iter().for_each(|response| add_headers(&response.headers, &mut http_response));
    http_response
}

pub(super) fn json(status: StatusCode, media_type: MediaType, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, media_type.content_type());
    response
}
