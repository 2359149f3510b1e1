//! From an HTTP request to a connection.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{
        CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    super::{Caller, LimitReached},
    close::Close,
    connection::{Connection, Connections},
    outcome::{End, finish},
    subprotocol::Subprotocol,
};

/// What clients say is short, and most say nothing for most of the time. It grows for a longer message.
const READ_BUFFER_BYTES: usize = 512;
/// What the library sends by itself goes out at once, so that nothing is kept that has been sent.
const WRITE_BUFFER_BYTES: usize = 0;

/// Why a request cannot become a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The handshake is not that of RFC 6455.
    #[error("the WebSocket handshake is not complete")]
    BadHandshake,
    /// A page of another origin asks.
    #[error("pages of this origin may not open a WebSocket here")]
    OriginRefused,
    /// The gateway stops.
    #[error("the gateway is shutting down; connect again")]
    ShuttingDown,
    /// There is no room.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

impl UpgradeError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadHandshake => StatusCode::BAD_REQUEST,
            Self::OriginRefused => StatusCode::FORBIDDEN,
            Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
            Self::LimitReached(reached) => reached.limit.status(),
        }
    }

    /// The value of `extensions.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadHandshake | Self::OriginRefused => "UPGRADE_REFUSED",
            Self::ShuttingDown => "GATEWAY_SHUTTING_DOWN",
            Self::LimitReached(reached) => reached.limit.code(),
        }
    }
}

/// Answers the handshake and serves the connection in a task of its own.
///
/// # Errors
///
/// When the request is no handshake, its page's origin is not allowed, or there are too many connections.
pub fn upgrade(
    mut request: Request<Body>,
    connections: &Arc<Connections>,
    caller: Caller,
    allowed_origins: &[String],
) -> Result<Response, UpgradeError> {
    let headers = request.headers();
    let is_version_13 = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let is_handshake = is_version_13 && request.method() == Method::GET;
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_handshake).ok_or(UpgradeError::BadHandshake)?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| UpgradeError::BadHandshake)?;
    if !origin_allowed(headers, allowed_origins) {
        return Err(UpgradeError::OriginRefused);
    }
    if connections.shutdown.is_cancelled() {
        return Err(UpgradeError::ShuttingDown);
    }
    let permit = connections.limits.connect(&caller)?;
    let protocol = Subprotocol::negotiate(headers);
    let upgraded = hyper::upgrade::on(&mut request);
    let (shared, caller) = (Arc::clone(connections), Arc::new(caller));
    connections.tracker.spawn(async move {
        // Nothing else is kept of the request.
        drop(request);
        let Ok(upgraded) = upgraded.await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_message_size(Some(shared.max_message_bytes))
            .max_frame_size(Some(shared.max_message_bytes));
        let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let _open = Open::new(protocol);
        match protocol {
            Some(protocol) => Connection::new(socket, protocol, shared, (caller, permit)).serve().await,
            None => Box::pin(finish(&mut socket, None, End::Close(Close::SubprotocolNotAcceptable))).await,
        }
    });
    Ok(switching_protocols(accept, protocol))
}

/// Counts an open connection.
struct Open(metrics::Gauge);

impl Open {
    fn new(protocol: Option<Subprotocol>) -> Self {
        let protocol = protocol.map_or("none", Subprotocol::name);
        let gauge = metrics::gauge!("selvedge_websocket_connections", "protocol" => protocol);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn switching_protocols(accept: HeaderValue, protocol: Option<Subprotocol>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol.name()));
    }
    response
}

/// Browsers ask nobody before they open a WebSocket across origins, so the gateway checks the origin itself.
fn origin_allowed(headers: &HeaderMap, allowed_origins: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || allowed_origins.iter().any(|allowed| allowed == origin || allowed == "*")
}
