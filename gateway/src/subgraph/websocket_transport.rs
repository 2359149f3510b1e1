//! Subscriptions over WebSocket, one connection each.
//!
//! It does not reconnect by itself: the identity that came with the request would have run out by then. The
//! subscription hub does, with a fresh one.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream::BoxStream};
use http::{HeaderValue, Request, Uri, header::SEC_WEBSOCKET_PROTOCOL};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, error::Error as SocketError, protocol::WebSocketConfig},
};
use tower::Service;

use super::{
    IDENTITY_HEADER, SubgraphRequest, SubgraphResponse, TransportError,
    connector::{Connector, Stream},
    http_transport::describe,
    websocket_messages::{PONG, Received, SUBPROTOCOL, connection_init, subscribe},
};
use crate::config::SubgraphConfig;

type Socket = WebSocketStream<TokioIo<Stream>>;

const BUFFER_BYTES: usize = 4 * 1024;

/// Opens subscriptions at one address.
#[derive(Clone)]
pub(super) struct WebSocketTransport {
    subgraph: Arc<str>,
    uri: Uri,
    connector: Connector,
    max_message_bytes: usize,
}

impl WebSocketTransport {
    /// A transport to `uri`, which is one of HTTP; `connector` must not offer HTTP/2.
    pub(super) fn new(subgraph: Arc<str>, uri: Uri, connector: Connector, config: &SubgraphConfig) -> Self {
        Self { subgraph, uri, connector, max_message_bytes: config.max_response_bytes }
    }

    async fn open(self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let mut socket = self.connect(&request).await?;
        let identity = request.context.headers.get(IDENTITY_HEADER).and_then(|value| value.to_str().ok());
        self.send(&mut socket, connection_init(identity)).await?;
        self.wait_for_acknowledgement(&mut socket).await?;
        let body = std::str::from_utf8(&request.body).map_err(|_| self.interrupted("the request is not UTF-8"))?;
        self.send(&mut socket, subscribe(body)).await?;
        Ok(SubgraphResponse::stream(self.into_events(socket)))
    }

    async fn connect(&self, request: &SubgraphRequest) -> Result<Socket, TransportError> {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_message_size(Some(self.max_message_bytes))
            .max_frame_size(Some(self.max_message_bytes));
        let upgrade = self.upgrade_request(request)?;
        let stream = self.connector.clone().connect(self.uri.clone()).await.map_err(|error| {
            TransportError::Unreachable { subgraph: self.subgraph.to_string(), reason: describe(&*error) }
        })?;
        let (socket, _response) = client_async_with_config(upgrade, TokioIo::new(stream), Some(config))
            .await
            .map_err(|error| self.not_connected(&error))?;
        Ok(socket)
    }

    fn upgrade_request(&self, request: &SubgraphRequest) -> Result<Request<()>, TransportError> {
        // The connection stands already; the scheme is for the library's own check alone.
        let url = format!("ws{}", self.uri.to_string().trim_start_matches("http"));
        let mut upgrade = url.into_client_request().map_err(|error| self.not_connected(&error))?;
        upgrade.headers_mut().extend(request.headers().into_owned());
        upgrade.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        Ok(upgrade)
    }

    async fn wait_for_acknowledgement(&self, socket: &mut Socket) -> Result<(), TransportError> {
        loop {
            match self.receive(socket).await? {
                Received::Acknowledged => return Ok(()),
                Received::Ping => self.send(socket, PONG.to_owned()).await?,
                other => return Err(self.refused(format!("expected connection_ack, got {other:?}"))),
            }
        }
    }

    /// The next message of the protocol.
    async fn receive(&self, socket: &mut Socket) -> Result<Received, TransportError> {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Received::read(text.as_str())),
                Some(Ok(Message::Close(Some(frame)))) if (4400..4500).contains(&u16::from(frame.code)) => {
                    return Err(self.refused(format!("closed with {} {}", u16::from(frame.code), frame.reason)));
                }
                Some(Ok(Message::Close(_))) | None => return Err(self.interrupted("the connection was closed")),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(self.broken(&error)),
            }
        }
    }

    async fn send(&self, socket: &mut Socket, text: String) -> Result<(), TransportError> {
        socket.send(Message::text(text)).await.map_err(|error| self.broken(&error))
    }

    fn into_events(self, socket: Socket) -> BoxStream<'static, Result<Bytes, TransportError>> {
        futures::stream::unfold(Some((self, socket)), |open| async move {
            let (transport, mut socket) = open?;
            loop {
                match transport.receive(&mut socket).await {
                    Ok(Received::Next(response)) => return Some((Ok(response), Some((transport, socket)))),
                    Ok(Received::Error(response)) => return Some((Ok(response), None)),
                    Ok(Received::Complete) => return None,
                    Ok(Received::Ping) => {
                        if let Err(error) = transport.send(&mut socket, PONG.to_owned()).await {
                            return Some((Err(error), None));
                        }
                    }
                    Ok(Received::Acknowledged | Received::Pong | Received::Unknown) => {}
                    Err(error) => return Some((Err(error), None)),
                }
            }
        })
        .boxed()
    }

    fn not_connected(&self, error: &SocketError) -> TransportError {
        let subgraph = self.subgraph.to_string();
        match error {
            SocketError::Http(response) => {
                TransportError::Refused { subgraph, reason: format!("HTTP status {}", response.status()) }
            }
            other => TransportError::Unreachable { subgraph, reason: describe(other) },
        }
    }

    fn broken(&self, error: &SocketError) -> TransportError {
        match error {
            SocketError::Capacity(_) => TransportError::ResponseTooLarge {
                subgraph: self.subgraph.to_string(),
                max_bytes: self.max_message_bytes,
            },
            other => self.interrupted(&describe(other)),
        }
    }

    fn interrupted(&self, reason: &str) -> TransportError {
        TransportError::Interrupted { subgraph: self.subgraph.to_string(), reason: reason.to_owned() }
    }

    fn refused(&self, reason: String) -> TransportError {
        TransportError::Refused { subgraph: self.subgraph.to_string(), reason }
    }
}

impl Service<SubgraphRequest> for WebSocketTransport {
    type Response = SubgraphResponse;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<SubgraphResponse, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: SubgraphRequest) -> Self::Future {
        self.clone().open(request).boxed()
    }
}
