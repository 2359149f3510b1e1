//! From an HTTP request to a connection.

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
    super::Caller,
    connection::{Connection, Connections},
};

const SUBPROTOCOL: &str = "graphql-transport-ws";
/// The library's own buffers are 128 KiB each, which 10,000 clients would turn into 2.5 GB.
const BUFFER_BYTES: usize = 4 * 1024;

/// Why a request cannot become a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The handshake is not that of RFC 6455.
    #[error("the WebSocket handshake is not complete")]
    BadHandshake,
    /// A page of another origin asks.
    #[error("pages of this origin may not open a WebSocket here")]
    OriginRefused,
    /// There is no room.
    #[error("the gateway serves {most} connections already")]
    TooManyConnections {
        /// The limit.
        most: usize,
    },
}

impl UpgradeError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadHandshake => StatusCode::BAD_REQUEST,
            Self::OriginRefused => StatusCode::FORBIDDEN,
            Self::TooManyConnections { .. } => StatusCode::SERVICE_UNAVAILABLE,
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
    connections: Connections,
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
    let most = connections.config.max_connections;
    if connections.tracker.len() >= most {
        return Err(UpgradeError::TooManyConnections { most });
    }
    let speaks_ours = offers_subprotocol(headers);
    let upgraded = hyper::upgrade::on(&mut request);
    let tracker = connections.tracker.clone();
    tracker.spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(connections.max_message_bytes))
            .max_frame_size(Some(connections.max_message_bytes));
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        metrics::gauge!("selvedge_websocket_connections").increment(1.0);
        let connection = Connection::new(socket, connections, caller);
        if speaks_ours {
            connection.serve().await
        } else {
            connection.refuse_subprotocol().await
        }
        metrics::gauge!("selvedge_websocket_connections").decrement(1.0);
    });
    Ok(switching_protocols(accept, speaks_ours))
}

fn switching_protocols(accept: HeaderValue, speaks_ours: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if speaks_ours {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    response
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|text| text.split(',')).any(|offer| offer.trim() == SUBPROTOCOL)
}

/// Browsers ask nobody before they open a WebSocket across origins, so the gateway checks the origin itself.
fn origin_allowed(headers: &HeaderMap, allowed_origins: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || allowed_origins.iter().any(|allowed| allowed == origin || allowed == "*")
}
