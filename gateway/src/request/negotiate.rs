//! Which type of answer the client prefers.

use http::{HeaderMap, HeaderValue, header::ACCEPT};

use super::RequestError;

/// A type of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the HTTP status says how the request went.
    GraphqlResponse,
    /// `application/json`: the status is 200 whenever the request was well formed.
    Json,
    /// `text/event-stream`: one event per response.
    EventStream,
}

impl MediaType {
    /// The value of `content-type`.
    #[must_use]
    pub const fn content_type(self) -> HeaderValue {
        match self {
            Self::GraphqlResponse => HeaderValue::from_static("application/graphql-response+json; charset=utf-8"),
            Self::Json => HeaderValue::from_static("application/json; charset=utf-8"),
            Self::EventStream => HeaderValue::from_static("text/event-stream; charset=utf-8"),
        }
    }
}

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// For an operation with one response; `EventStream` when nothing else is accepted.
    pub single: MediaType,
    /// Whether an operation with many responses can be answered.
    pub event_stream: bool,
}

impl Accepted {
    /// Reads the `accept` headers; without one, it is `application/json`.
    ///
    /// # Errors
    ///
    /// When nothing that the client accepts can be had.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, RequestError> {
        if !headers.contains_key(ACCEPT) {
            return Ok(Self { single: MediaType::Json, event_stream: false });
        }
        let texts = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        let mut ranges: Vec<(f32, MediaType)> = texts.flat_map(|text| text.split(',')).filter_map(range).collect();
        // Stable, so that equal weights keep the client's order.
        ranges.sort_by(|left, right| right.0.total_cmp(&left.0));
        let single = ranges.iter().map(|(_, kind)| *kind).find(|kind| *kind != MediaType::EventStream);
        let event_stream = ranges.iter().any(|(_, kind)| *kind == MediaType::EventStream);
        match (single, event_stream) {
            (Some(single), event_stream) => Ok(Self { single, event_stream }),
            (None, true) => Ok(Self { single: MediaType::EventStream, event_stream }),
            (None, false) => Err(RequestError::NotAcceptable),
        }
    }
}

fn range(text: &str) -> Option<(f32, MediaType)> {
    let mut parts = text.split(';').map(str::trim);
    let kind = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => MediaType::GraphqlResponse,
        // Old clients do not know the newer type, so a wildcard means the older one.
        "application/json" | "application/*" | "*/*" => MediaType::Json,
        "text/event-stream" => MediaType::EventStream,
        _ => return None,
    };
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
    (weight > 0.0).then_some((weight, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(text: &'static str) -> Result<Accepted, RequestError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(text));
        Accepted::from_headers(&headers)
    }

    #[test]
    fn the_client_s_preference_decides() {
        let single = |text| accepted(text).unwrap().single;
        assert_eq!(single("application/graphql-response+json, application/json;q=0.9"), MediaType::GraphqlResponse);
        assert_eq!(single("application/json;q=0.5, application/graphql-response+json"), MediaType::GraphqlResponse);
        assert_eq!(single("application/json; charset=utf-8"), MediaType::Json);
        assert_eq!(single("*/*"), MediaType::Json);
        assert_eq!(single("text/event-stream"), MediaType::EventStream);
        assert!(accepted("application/json, text/event-stream").unwrap().event_stream);
        assert_eq!(accepted("text/html"), Err(RequestError::NotAcceptable));
        assert_eq!(accepted("application/json;q=0"), Err(RequestError::NotAcceptable));
        assert_eq!(Accepted::from_headers(&HeaderMap::new()).unwrap().single, MediaType::Json);
    }
}
