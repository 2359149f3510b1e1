//! From an HTTP request to a WebSocket.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{SubgraphServer, decode::identify_lasting, respond::Refusal, websocket};
use crate::identity::IDENTITY_HEADER;

/// The protocol spoken here.
const PROTOCOL: &str = "graphql-transport-ws";

/// The largest message that a client may send, in bytes.
const MAX_MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// Small, because a gateway holds many of these and sends little: the library's default is 128 KiB for each.
const BUFFER_BYTES: usize = 4 * 1024;

pub(super) async fn upgrade(State(server): State<SubgraphServer>, mut request: Request) -> Response {
    let headers = request.headers();
    let key = match handshake_key(headers) {
        Ok(key) => key,
        Err(refusal) => return refusal.into_response().map(Body::from),
    };
    let identity = if headers.contains_key(IDENTITY_HEADER) {
        match identify_lasting(headers, server.verifier()) {
            Ok(identity) => Some(identity),
            Err(refusal) => return refusal.into_response().map(Body::from),
        }
    } else {
        None
    };
    let upgrading = hyper::upgrade::on(&mut request);
    let tracker = server.sockets().clone();
    tracker.spawn(async move {
        match upgrading.await {
            Ok(upgraded) => {
                let io = TokioIo::new(upgraded);
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(socket_config())).await;
                websocket::run(socket, server, identity).await;
            }
            Err(error) => tracing::debug!(%error, "a WebSocket upgrade was not completed"),
        }
    });
    switching(&key)
}

fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(16 * MAX_MESSAGE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
}

/// The accept key of a well-formed opening handshake (RFC 6455, section 4.2.1).
fn handshake_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let bad = |message: &str| Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message.to_owned());
    if !has_token(headers, header::UPGRADE, "websocket") || !has_token(headers, header::CONNECTION, "upgrade") {
        let message = "send operations by POST, or open a WebSocket";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message.to_owned()));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(bad("the WebSocket version is not 13"));
    }
    if !has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
        return Err(bad("the WebSocket protocol has to be `graphql-transport-ws`"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or_else(|| bad("the WebSocket key is missing"))?;
    Ok(derive_accept_key(key.as_bytes()))
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

fn switching(accept_key: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    if let Ok(value) = HeaderValue::from_str(accept_key) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, value);
    }
    response
}
