//! From headers and bytes to a request that may be executed.

use async_graphql::Request;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::{
    normalise::normalise,
    respond::{AnswerType, Refusal},
};
use crate::identity::{IDENTITY_HEADER, Identity, IdentityError, IdentityVerifier, LastingIdentity};

/// A request whose caller is known.
pub(super) struct Decoded {
    pub(super) identity: Identity,
    pub(super) request: Request,
    pub(super) answer_type: AnswerType,
}

/// Verifies the caller, then reads the body.
pub(super) fn decode(headers: &HeaderMap, body: &[u8], verifier: &IdentityVerifier) -> Result<Decoded, Refusal> {
    let identity = identify(headers, verifier)?;
    accept_content_type(headers)?;
    let answer_type = negotiate(headers)?;
    let request = parse(body)?.data(identity.clone());
    Ok(Decoded { identity, request, answer_type })
}

/// The caller named by the identity header.
pub(super) fn identify(headers: &HeaderMap, verifier: &IdentityVerifier) -> Result<Identity, Refusal> {
    identify_lasting(headers, verifier).map(|lasting| lasting.identity)
}

/// The same with when the identity ends.
pub(super) fn identify_lasting(headers: &HeaderMap, verifier: &IdentityVerifier) -> Result<LastingIdentity, Refusal> {
    let value = match headers.get(IDENTITY_HEADER) {
        Some(value) => Some(value.to_str().map_err(|_| unauthenticated(&not_text()))?),
        None => None,
    };
    verifier.verify_lasting(value).map_err(|error| unauthenticated(&error))
}

const fn not_text() -> IdentityError {
    IdentityError::Invalid { reason: "it is not text" }
}

fn unauthenticated(error: &IdentityError) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", error.to_string())
}

/// A body without a media type is taken as JSON: in-process callers need not say it.
fn accept_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let given = String::from_utf8_lossy(value.as_bytes());
    if media_type(&given).eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        format!("the content type `{given}` is not supported, send `application/json`"),
    ))
}

/// The first media type of `Accept` that can be answered in, by the order in which they are written.
fn negotiate(headers: &HeaderMap) -> Result<AnswerType, Refusal> {
    let Some(value) = headers.get(header::ACCEPT) else { return Ok(AnswerType::Json) };
    let given = String::from_utf8_lossy(value.as_bytes());
    let known = given.split(',').find_map(|range| match media_type(range).to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Some(AnswerType::GraphqlResponse),
        "application/json" | "application/*" | "*/*" => Some(AnswerType::Json),
        _ => None,
    });
    known.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            "NOT_ACCEPTABLE",
            format!("cannot answer as `{given}`, accept `application/graphql-response+json` or `application/json`"),
        )
    })
}

fn media_type(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// The request in `body`, without its caller.
fn parse(body: &[u8]) -> Result<Request, Refusal> {
    read(serde_json::from_slice(body).map_err(|error| bad(format!("the body is not JSON: {error}")))?)
}

/// The request in `value`, without its caller.
pub(super) fn read(value: Value) -> Result<Request, Refusal> {
    let Value::Object(mut object) = value else {
        return Err(bad("the request is not a JSON object with `query`; batches are not taken here".to_owned()));
    };
    // As good as absent, by GraphQL over HTTP.
    object.retain(|_, value| !value.is_null());
    if !object.get("query").is_some_and(Value::is_string) {
        return Err(bad("the request has no `query` text".to_owned()));
    }
    for name in ["variables", "extensions"] {
        if object.get(name).is_some_and(|value| !value.is_object()) {
            return Err(bad(format!("`{name}` is not an object")));
        }
    }
    let mut request: Request = serde_json::from_value(Value::Object(object))
        .map_err(|error| bad(format!("the request is not well formed: {error}")))?;
    normalise(&mut request);
    Ok(request)
}

const fn bad(message: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn bodies_that_are_no_request_are_refused_in_clear_words() {
        let message = |body: &str| parse(body.as_bytes()).map(|_| ()).unwrap_err().message;
        assert!(message("{").starts_with("the body is not JSON: "));
        assert_eq!(message("[]"), "the request is not a JSON object with `query`; batches are not taken here");
        assert_eq!(message("{}"), "the request has no `query` text");
        assert_eq!(message(r#"{"query":"{a}","variables":[]}"#), "`variables` is not an object");
        assert!(message(r#"{"query":"{a}","operationName":7}"#).starts_with("the request is not well formed: "));
    }

    #[test]
    fn nulls_are_as_good_as_absent() {
        let body = br#"{"query":"{a}","variables":null,"operationName":null,"extensions":null}"#;
        assert_eq!(parse(body).unwrap().query, "{a}");
    }

    #[test]
    fn media_types_are_negotiated() {
        assert_eq!(negotiate(&HeaderMap::new()).unwrap(), AnswerType::Json);
        let accept =
            headers(header::ACCEPT, "application/graphql-response+json; charset=utf-8, application/json;q=0.9");
        assert_eq!(negotiate(&accept).unwrap(), AnswerType::GraphqlResponse);
        assert_eq!(negotiate(&headers(header::ACCEPT, "text/html, */*")).unwrap(), AnswerType::Json);
        assert_eq!(negotiate(&headers(header::ACCEPT, "text/html")).unwrap_err().status, StatusCode::NOT_ACCEPTABLE);
        assert!(accept_content_type(&headers(header::CONTENT_TYPE, "Application/JSON; charset=utf-8")).is_ok());
        let refused = accept_content_type(&headers(header::CONTENT_TYPE, "text/plain")).unwrap_err();
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}
