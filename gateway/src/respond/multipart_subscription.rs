//! Subscriptions as parts of `multipart/mixed`.
//!
//! Protocol: <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::json;
use tokio::time::{Instant, interval_at};

use super::streamed::{StreamEnd, Streamed};
use crate::{error::GraphqlError, request::MediaType};

const OPEN: &[u8] = b"\r\n--graphql";
const HEAD: &[u8] = b"\r\ncontent-type: application/json\r\n\r\n";
/// Behind a boundary it says that no part follows.
const CLOSE: &[u8] = b"--\r\n";
/// What clients pass over, while proxies see that the connection lives.
const HEARTBEAT: &[u8] = b"{}";

/// Streams the responses of one subscription; says that it lives every `keep_alive`.
#[must_use]
pub fn multipart_subscription(steps: impl Stream<Item = Streamed> + Send + 'static, keep_alive: Duration) -> Response {
    let alive = interval_at(Instant::now() + keep_alive, keep_alive);
    let parts = tokio_stream::StreamExt::timeout_repeating(Box::pin(steps), alive)
        .map(|step| Ok::<_, Infallible>(step.map_or_else(|_elapsed| part(&[HEARTBEAT]), encode)));
    // The first heartbeat makes proxies pass the headers on before the first event.
    let open = [Bytes::from_static(OPEN), part(&[HEARTBEAT])].map(Ok);
    let mut response = Response::new(Body::from_stream(stream::iter(open).chain(parts)));
    response.headers_mut().insert(CONTENT_TYPE, MediaType::MultipartSubscription.content_type());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Proxies that wait for a whole buffer would hold parts back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn encode(step: Streamed) -> Bytes {
    match step {
        Streamed::Next(response) => part(&[b"{\"payload\":", &response, b"}"]),
        Streamed::End(StreamEnd::Complete) => Bytes::from_static(CLOSE),
        // The end without an error would tell a client that the subscription is done.
        Streamed::End(StreamEnd::Failed(error) | StreamEnd::Leaving(error)) => fatal(&error),
    }
}

fn fatal(error: &GraphqlError) -> Bytes {
    let body = json!({ "payload": null, "errors": [error] }).to_string();
    let mut last = BytesMut::from(part(&[body.as_bytes()]));
    last.put_slice(CLOSE);
    last.freeze()
}

/// The boundary stands behind each part, since a client takes a part for whole only when it has seen what follows.
fn part(pieces: &[&[u8]]) -> Bytes {
    let body_bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut part = BytesMut::with_capacity(HEAD.len() + body_bytes + OPEN.len());
    part.put_slice(HEAD);
    pieces.iter().for_each(|piece| part.put_slice(piece));
    part.put_slice(OPEN);
    part.freeze()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn body(steps: Vec<Streamed>) -> String {
        let response = multipart_subscription(stream::iter(steps), Duration::from_secs(60));
        assert_eq!(response.headers()[CONTENT_TYPE], "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    fn parts(bodies: &[&str]) -> String {
        let parts: String = bodies
            .iter()
            .map(|body| format!("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{body}"))
            .collect();
        parts + "\r\n--graphql--\r\n"
    }

    #[tokio::test]
    async fn responses_are_payloads_and_the_end_is_clean() {
        let next = Streamed::Next(Bytes::from_static(b"{\"data\":{\"a\":1}}"));
        let told = body(vec![next, Streamed::End(StreamEnd::Complete)]).await;
        assert_eq!(told, parts(&["{}", "{\"payload\":{\"data\":{\"a\":1}}}"]));
    }

    #[tokio::test]
    async fn a_fatal_error_has_no_payload() {
        let told = body(vec![Streamed::End(StreamEnd::Failed(GraphqlError::new("X", "no")))]).await;
        let fatal = r#"{"errors":[{"extensions":{"code":"X"},"message":"no"}],"payload":null}"#;
        let other = r#"{"payload":null,"errors":[{"message":"no","extensions":{"code":"X"}}]}"#;
        assert!(told == parts(&["{}", fatal]) || told == parts(&["{}", other]), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_come_while_nothing_happens() {
        let steps = stream::once(async {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            Streamed::End(StreamEnd::Complete)
        });
        let response = multipart_subscription(steps, Duration::from_secs(1));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, parts(&["{}", "{}", "{}"]));
    }
}
