//! Responses as server-sent events, in the "distinct connections" mode of GraphQL over SSE.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.

use std::time::Duration;

use axum::{body::Body, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use tokio::time::{Instant, interval_at};

use crate::request::MediaType;

const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");
/// A comment; clients pass over it, proxies see that the connection lives.
const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// Streams encoded GraphQL responses; says that it lives every `keep_alive`.
#[must_use]
pub fn event_stream(responses: impl Stream<Item = Bytes> + Send + 'static, keep_alive: Duration) -> Response {
    let events = responses.map(|response| next(&response)).chain(futures::stream::once(async { COMPLETE }));
    let alive = interval_at(Instant::now() + keep_alive, keep_alive);
    let events = tokio_stream::StreamExt::timeout_repeating(Box::pin(events), alive)
        .map(|event| Ok::<_, std::convert::Infallible>(event.unwrap_or(KEEP_ALIVE)));
    // The comment at the start makes proxies pass the headers on before the first event.
    let body = futures::stream::once(async { Ok(KEEP_ALIVE) }).chain(events);
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_TYPE, MediaType::EventStream.content_type());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Line breaks end a field, so they become spaces: JSON escapes them in texts, and only custom scalars, which pass as
/// their subgraph wrote them, can have some between.
fn next(response: &Bytes) -> Bytes {
    let mut event = BytesMut::with_capacity(response.len() + 24);
    event.put_slice(b"event: next\ndata: ");
    let data = event.len();
    event.put_slice(response);
    for byte in event.iter_mut().skip(data).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    event.put_slice(b"\n\n");
    event.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_data() {
        let event = next(&Bytes::from_static(b"{\"data\":{\"a\":{\r\n  \"b\": 1\n}}}"));
        assert_eq!(event, "event: next\ndata: {\"data\":{\"a\":{    \"b\": 1 }}}\n\n");
    }
}
