//! Responses whose deferred parts follow later, as parts of `multipart/mixed`.
//!
//! Form: <https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md>.

use std::convert::Infallible;

use axum::{body::Body, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{HeaderValue, header::CONTENT_TYPE};

use crate::{operation::DeferForm, request::MediaType};

const OPEN: &[u8] = b"\r\n---";
const HEAD: &[u8] = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n";
/// Behind a boundary it says that no part follows.
const CLOSE: Bytes = Bytes::from_static(b"--\r\n");

/// Streams the parts of one response, encoded in the form `form`. An error ends the body in its middle, so that the
/// client does not take what came for all.
#[must_use]
pub fn multipart<E>(parts: impl Stream<Item = Result<Bytes, E>> + Send + 'static, form: DeferForm) -> Response
where
    E: Into<axum::BoxError> + 'static,
{
    let open = stream::once(async { Ok(Bytes::from_static(OPEN)) });
    let parts = parts.map(|encoded| encoded.map(|encoded| part(&encoded)));
    // Nothing is polled behind an error.
    let body = open.chain(parts).chain(stream::once(async { Ok(CLOSE) }));
    respond(Body::from_stream(body), form)
}

/// A response in one part, for clients that accept nothing but parts.
#[must_use]
pub fn multipart_single(encoded: &Bytes, form: DeferForm) -> Response {
    let encoded = part(encoded);
    let body = stream::iter([Bytes::from_static(OPEN), encoded, CLOSE].map(Ok::<_, Infallible>));
    respond(Body::from_stream(body), form)
}

/// The boundary stands behind each part, since a client takes a part for whole only when it has seen what follows.
fn part(encoded: &Bytes) -> Bytes {
    let mut part = BytesMut::with_capacity(HEAD.len() + encoded.len() + OPEN.len());
    part.put_slice(HEAD);
    part.put_slice(encoded);
    part.put_slice(OPEN);
    part.freeze()
}

fn respond(body: Body, form: DeferForm) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, MediaType::Multipart(form).content_type());
    // Proxies that wait for a whole buffer would hold parts back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use std::io;

    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn each_part_ends_with_a_boundary() {
        let parts = ["{\"hasNext\":true}", "{\"hasNext\":false}"].map(|part| Ok::<_, io::Error>(Bytes::from(part)));
        let response = multipart(stream::iter(parts), DeferForm::Pending);
        assert_eq!(response.headers()[CONTENT_TYPE], "multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let head = "content-type: application/json; charset=utf-8\r\n\r\n";
        assert_eq!(
            body,
            format!("\r\n---\r\n{head}{{\"hasNext\":true}}\r\n---\r\n{head}{{\"hasNext\":false}}\r\n-----\r\n")
        );
    }

    #[tokio::test]
    async fn what_breaks_off_has_no_end() {
        let parts = [Ok(Bytes::from_static(b"{}")), Err(io::Error::other("broken"))];
        let mut body = multipart(stream::iter(parts), DeferForm::Fragments).into_body();
        let mut seen = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            seen.extend_from_slice(&frame.into_data().unwrap());
        }
        assert!(seen.ends_with(b"{}\r\n---"), "{}", String::from_utf8_lossy(&seen));
    }
}
