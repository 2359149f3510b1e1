//! Which bodies are read.

use http::{HeaderMap, header::CONTENT_TYPE};

use super::RequestError;

/// Accepts `application/json`, with no character set or UTF-8.
///
/// # Errors
///
/// For any other type, or none.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), RequestError> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if is_json && is_utf8 { Ok(()) } else { Err(RequestError::UnsupportedContentType) }
}
