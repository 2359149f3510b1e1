//! The HTTP status of a GraphQL response.

use http::StatusCode;

use crate::{
    error::{GraphqlResponse, code},
    request::MediaType,
};

/// The status of `response` as `media_type`.
///
/// `application/json` is 200 for every well-formed request. With the newer type a request that never ran has the
/// status of its error, and one that ran has 200, however many of its fields failed.
#[must_use]
pub fn status_of(response: &GraphqlResponse, media_type: MediaType) -> StatusCode {
    if response.data.is_some() {
        return StatusCode::OK;
    }
    let error_code = response.errors.first().and_then(|error| error.code()).unwrap_or(code::INTERNAL_SERVER_ERROR);
    match (error_code, media_type) {
        ("UNAUTHENTICATED", _) => StatusCode::UNAUTHORIZED,
        (_, MediaType::Json | MediaType::EventStream | MediaType::Multipart(_) | MediaType::MultipartSubscription) => {
            StatusCode::OK
        }
        (code::INTERNAL_SERVER_ERROR, MediaType::GraphqlResponse) => StatusCode::INTERNAL_SERVER_ERROR,
        ("REQUEST_TIMEOUT", MediaType::GraphqlResponse) => StatusCode::GATEWAY_TIMEOUT,
        ("FORBIDDEN", MediaType::GraphqlResponse) => StatusCode::FORBIDDEN,
        (_, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::error::GraphqlError;

    #[test]
    fn follows_the_specification() {
        let invalid = GraphqlResponse::from_errors(vec![GraphqlError::new(code::VALIDATION_FAILED, "no")]);
        assert_eq!(status_of(&invalid, MediaType::GraphqlResponse), StatusCode::BAD_REQUEST);
        assert_eq!(status_of(&invalid, MediaType::Json), StatusCode::OK);
        let partial = GraphqlResponse { data: Some(Bytes::from_static(b"null")), ..invalid };
        assert_eq!(status_of(&partial, MediaType::GraphqlResponse), StatusCode::OK);
    }
}
