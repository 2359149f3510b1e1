//! From an HTTP response to a subgraph's answer, or to why it is none.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use chrono::NaiveDateTime;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, DATE, RETRY_AFTER},
};
use hyper::body::{Body, Incoming};

use super::{
    SubgraphResponse, TransportError,
    compression::{DecodeError, decompress},
    http_transport::describe,
};

/// How much of an answer that is not understood goes into the log.
const LOGGED_BYTES: usize = 200;

/// Reads a body, up to a limit.
pub(super) struct Reader {
    max_bytes: usize,
    /// What comes in one piece is handed on without a copy.
    first: Bytes,
    rest: BytesMut,
    expected: usize,
}

impl Reader {
    pub(super) fn new(body: &Incoming, max_bytes: usize) -> Self {
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        Self { max_bytes, first: Bytes::new(), rest: BytesMut::new(), expected }
    }

    /// The whole body.
    pub(super) fn poll_read(
        &mut self,
        body: &mut Incoming,
        subgraph: &Arc<str>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Bytes, TransportError>> {
        let max_bytes = self.max_bytes;
        let too_large = || TransportError::ResponseTooLarge { subgraph: subgraph.to_string(), max_bytes };
        // One that says beforehand that it is too large is not read at all.
        if self.expected > self.max_bytes {
            return Poll::Ready(Err(too_large()));
        }
        while let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(context)) {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    let reason = describe(&error);
                    return Poll::Ready(Err(TransportError::Interrupted { subgraph: subgraph.to_string(), reason }));
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            if self.first.len() + self.rest.len() + data.len() > self.max_bytes {
                return Poll::Ready(Err(too_large()));
            }
            self.push(data);
        }
        let whole = if self.rest.is_empty() { std::mem::take(&mut self.first) } else { self.rest.split().freeze() };
        Poll::Ready(Ok(whole))
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = data;
            return;
        }
        if self.rest.is_empty() {
            self.rest.reserve(self.expected.max(self.first.len() + data.len()));
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&data);
    }
}

/// The answer that `head` and `body` are.
///
/// A GraphQL body counts whatever the status is: subgraphs may say with the status how the request went.
pub(super) fn answer(
    subgraph: &str,
    (status, headers): (StatusCode, HeaderMap),
    body: Bytes,
    max_bytes: usize,
) -> Result<SubgraphResponse, TransportError> {
    let body = decompress(&headers, body, max_bytes).map_err(|error| match error {
        DecodeError::TooLarge => TransportError::ResponseTooLarge { subgraph: subgraph.to_owned(), max_bytes },
        DecodeError::Broken(reason) => {
            TransportError::NotGraphql { subgraph: subgraph.to_owned(), status: status.as_u16(), reason }
        }
    })?;
    if is_json(&headers) && body.trim_ascii_start().starts_with(b"{") {
        return Ok(SubgraphResponse { status, headers, ..SubgraphResponse::complete(body) });
    }
    let content_type = headers.get(CONTENT_TYPE).map_or("none", |value| value.to_str().unwrap_or("not text"));
    let start = String::from_utf8_lossy(body.get(..body.len().min(LOGGED_BYTES)).unwrap_or_default());
    let reason = format!("content-type {content_type}, {} bytes, starting with `{start}`", body.len());
    let subgraph = subgraph.to_owned();
    if status.is_success() {
        Err(TransportError::NotGraphql { subgraph, status: status.as_u16(), reason })
    } else {
        Err(TransportError::Status { subgraph, status: status.as_u16(), retry_after: retry_after(&headers), reason })
    }
}

/// A body without a type may be JSON; one with another type is not.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let value = value.as_bytes();
        value.windows(4).any(|part| part.eq_ignore_ascii_case(b"json"))
    })
}

/// How long the subgraph asks to be left alone (RFC 9110, section 10.2.3). A date is counted from the `date` of the same
/// answer, so that it does not matter how clocks differ.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let wanted = text(RETRY_AFTER)?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let left = http_date(wanted)?.signed_duration_since(http_date(text(DATE)?)?);
    // What lies in the past is now.
    Some(left.to_std().unwrap_or_default())
}

/// A date in the form of today, or in one of the two that are only read any more (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<NaiveDateTime> {
    const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(status: u16, content_type: Option<&str>, body: &'static str) -> Result<(), (&'static str, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        }
        let head = (StatusCode::from_u16(status).unwrap(), headers);
        let answered = answer("a", head, Bytes::from_static(body.as_bytes()), 1_000);
        answered.map(|_| ()).map_err(|error| (error.code(), error.to_string()))
    }

    #[test]
    fn a_graphql_body_counts_whatever_the_status() {
        for (status, content_type) in [
            (200, Some("application/json; charset=utf-8")),
            (200, Some("application/graphql-response+JSON")),
            (500, Some("application/json")),
            (200, None),
        ] {
            assert_eq!(of(status, content_type, " {\"data\":null}"), Ok(()));
        }
    }

    #[test]
    fn everything_else_says_what_it_was() {
        let not_graphql =
            |status: u16| format!("subgraph `a` answered with something that is not GraphQL (HTTP status {status})");
        let invalid = "SUBGRAPH_INVALID_RESPONSE";
        assert_eq!(of(200, Some("text/html"), "{}"), Err((invalid, not_graphql(200))));
        assert_eq!(of(200, Some("application/json"), "[]"), Err((invalid, not_graphql(200))));
        assert_eq!(of(204, None, ""), Err((invalid, not_graphql(204))));
        let http = "SUBGRAPH_HTTP_ERROR";
        assert_eq!(
            of(503, Some("text/html"), "<html>"),
            Err((http, "subgraph `a` answered with HTTP status 503".into()))
        );
        assert_eq!(of(404, None, ""), Err((http, "subgraph `a` answered with HTTP status 404".into())));
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let of =
            |text: &'static str| retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]));
        assert_eq!(of("2"), Some(Duration::from_secs(2)));
        assert_eq!(of("Fri, 31 Dec 1999 23:59:59 GMT"), None, "from when?");
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn retry_after_is_read_as_a_date_by_the_clock_of_the_subgraph() {
        let of = |text: &'static str| {
            let date = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text)), (DATE, date)]))
        };
        for same in ["Sun, 06 Nov 1994 08:49:39 GMT", "Sunday, 06-Nov-94 08:49:39 GMT", "Sun Nov  6 08:49:39 1994"] {
            assert_eq!(of(same), Some(Duration::from_secs(2)), "{same}");
        }
        assert_eq!(of("Mon, 07 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(86_400)));
        assert_eq!(of("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(of("tomorrow"), None);
        assert_eq!(of("-1"), None);
    }
}
