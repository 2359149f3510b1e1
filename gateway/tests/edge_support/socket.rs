//! A client of graphql-transport-ws that says exactly what a test wants.

use std::{net::SocketAddr, time::Duration};

use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    pub async fn open_with(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// Opens a connection of the older protocol.
    pub async fn open_legacy(address: SocketAddr) -> Self {
        Self::open_with(address, &[("sec-websocket-protocol", "graphql-ws")]).await.unwrap()
    }

    /// Opens a connection and takes it through `connection_init`.
    pub async fn ready(address: SocketAddr) -> Self {
        let mut socket = Self::open(address).await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next message of the protocol; pings of WebSocket itself are passed over.
    pub async fn receive(&mut self) -> Value {
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("a message within 5 s") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// The next message of the protocol, or code and reason of the close frame.
    pub async fn receive_or_close(&mut self) -> Result<Value, (u16, String)> {
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("a message within 5 s") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err((frame.code.into(), frame.reason.to_string())),
                Some(Ok(_)) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// SKU and quantity of the next badge.
    pub async fn receive_badge(&mut self) -> (String, i64) {
        let message = self.receive().await;
        let badge = &message["payload"]["data"]["badges"];
        assert!(badge["sku"].is_string(), "{message}");
        (badge["sku"].as_str().unwrap().to_owned(), badge["available"].as_i64().unwrap())
    }

    /// Closes the connection from the client's side.
    pub async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        self.0.close(Some(frame)).await.unwrap();
    }

    /// Whether the gateway ends the connection itself, with nothing more said.
    pub async fn ends(&mut self) -> bool {
        let next = tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("an end within 5 s");
        matches!(next, None | Some(Err(_)))
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(200), self.0.next()).await.is_err()
    }

    /// Code and reason of the close frame.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match tokio::time::timeout(Duration::from_secs(5), self.0.next()).await.expect("a close within 5 s") {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    }
}
