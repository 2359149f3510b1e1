//! The id that ties everything about one request together.

use http::{HeaderMap, HeaderValue};

use crate::subgraph::CORRELATION_HEADER;

const MAX_CHARACTERS: usize = 128;

/// A correlation id: the client's own when it is fit for logs and headers, else a new UUIDv7.
///
/// Kept as a header value, as which it is cheap to clone and goes out with each request and answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationId(HeaderValue);

impl CorrelationId {
    /// The id in `headers`, or a new one.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let given = headers.get(CORRELATION_HEADER);
        given.filter(|id| id.to_str().is_ok_and(is_sane)).map_or_else(Self::generate, |id| Self(id.clone()))
    }

    /// A new id.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = uuid::Uuid::encode_buffer();
        let text = uuid::Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-")))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }

    /// The id as a header value.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_sane(id: &str) -> bool {
    (1..=MAX_CHARACTERS).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str) -> CorrelationId {
        let mut headers = HeaderMap::new();
        headers.insert(CORRELATION_HEADER, HeaderValue::from_str(id).unwrap());
        CorrelationId::from_headers(&headers)
    }

    #[test]
    fn keeps_what_is_fit_and_replaces_the_rest() {
        assert_eq!(of("shop-1:a.b_c").as_str(), "shop-1:a.b_c");
        assert_ne!(of("a b").as_str(), "a b");
        assert_ne!(of(&"x".repeat(129)).as_str().len(), 129);
        assert_eq!(CorrelationId::from_headers(&HeaderMap::new()).as_str().len(), 36);
    }
}
