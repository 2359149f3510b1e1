//! Responses as server-sent events, in both modes of GraphQL over SSE.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use rand::Rng;
use serde_json::Value;
use tokio::time::{Instant, interval_at};

use super::streamed::{StreamEnd, Streamed, response_of};
use crate::request::MediaType;

const COMPLETE: Bytes = Bytes::from_static(b"event: complete\ndata:\n\n");
/// A comment; clients pass over it, proxies see that the connection lives.
const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");
/// After how long a browser that lost its stream may come back, in milliseconds; each is told another time.
const RETRY_MS: std::ops::Range<u32> = 1_000..5_000;

/// Streams the responses of one operation ("distinct connections"); says that it lives every `keep_alive`.
#[must_use]
pub fn event_stream(steps: impl Stream<Item = Streamed> + Send + 'static, keep_alive: Duration) -> Response {
    respond(steps.map(|step| encode(step, None)), keep_alive)
}

/// Streams the responses of any number of operations, each with its id ("single connection").
#[must_use]
pub fn event_stream_of_many(
    steps: impl Stream<Item = (Arc<str>, Streamed)> + Send + 'static,
    keep_alive: Duration,
) -> Response {
    respond(steps.map(|(id, step)| encode(step, Some(&id))), keep_alive)
}

fn respond(events: impl Stream<Item = Bytes> + Send + 'static, keep_alive: Duration) -> Response {
    let alive = interval_at(Instant::now() + keep_alive, keep_alive);
    let events = tokio_stream::StreamExt::timeout_repeating(Box::pin(events), alive)
        .map(|event| Ok::<_, Infallible>(event.unwrap_or(KEEP_ALIVE)));
    // What comes first makes proxies pass the headers on before the first event.
    let retry = format!("retry: {}\n:\n\n", rand::rng().random_range(RETRY_MS));
    let body = stream::once(async { Ok(Bytes::from(retry)) }).chain(events);
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_TYPE, MediaType::EventStream.content_type());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn encode(step: Streamed, id: Option<&str>) -> Bytes {
    match step {
        Streamed::Next(response) => next(&response, id),
        Streamed::End(StreamEnd::Complete) => complete(id),
        Streamed::End(StreamEnd::Failed(error)) => {
            let mut events = BytesMut::from(next(&response_of(error), id));
            events.put(complete(id));
            events.freeze()
        }
        // A stream that ends without `complete` is opened again by every client.
        Streamed::End(StreamEnd::Leaving(_)) => KEEP_ALIVE,
    }
}

/// Line breaks end a field, so they become spaces: JSON escapes them in texts, and only custom scalars, which pass as
/// their subgraph wrote them, can have some between.
fn next(response: &Bytes, id: Option<&str>) -> Bytes {
    let id = id.map(quoted);
    let mut event = BytesMut::with_capacity(response.len() + id.as_ref().map_or(0, String::len) + 48);
    event.put_slice(b"event: next\ndata: ");
    if let Some(id) = &id {
        event.put_slice(b"{\"id\":");
        event.put_slice(id.as_bytes());
        event.put_slice(b",\"payload\":");
    }
    let data = event.len();
    event.put_slice(response);
    for byte in event.iter_mut().skip(data).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    event.put_slice(if id.is_some() { b"}\n\n" } else { b"\n\n" });
    event.freeze()
}

fn complete(id: Option<&str>) -> Bytes {
    id.map_or(COMPLETE, |id| Bytes::from(format!("event: complete\ndata: {{\"id\":{}}}\n\n", quoted(id))))
}

fn quoted(id: &str) -> String {
    Value::from(id).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::GraphqlError;

    #[test]
    fn an_event_is_one_line_of_data() {
        let response = Bytes::from_static(b"{\"data\":{\"a\":{\r\n  \"b\": 1\n}}}");
        let event = next(&response, None);
        assert_eq!(event, "event: next\ndata: {\"data\":{\"a\":{    \"b\": 1 }}}\n\n");
        let event = next(&response, Some("a\"\n"));
        assert_eq!(
            event,
            "event: next\ndata: {\"id\":\"a\\\"\\n\",\"payload\":{\"data\":{\"a\":{    \"b\": 1 }}}}\n\n"
        );
    }

    #[test]
    fn an_end_is_told_unless_the_client_should_come_again() {
        let error = || GraphqlError::new("X", "no");
        assert_eq!(encode(Streamed::End(StreamEnd::Complete), Some("1")), "event: complete\ndata: {\"id\":\"1\"}\n\n");
        assert_eq!(
            encode(Streamed::End(StreamEnd::Failed(error())), None),
            "event: next\ndata: {\"errors\":[{\"message\":\"no\",\"extensions\":{\"code\":\"X\"}}]}\n\n\
             event: complete\ndata:\n\n"
        );
        assert_eq!(encode(Streamed::End(StreamEnd::Leaving(error())), None), KEEP_ALIVE);
    }
}
