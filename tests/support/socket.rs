//! A client of graphql-transport-ws.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How long a message may take.
const WITHIN: Duration = Duration::from_secs(10);

/// An open connection.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a connection and takes it through `connection_init`.
    pub async fn ready(url: &str, token: Option<&str>) -> Self {
        let mut request = format!("{}/graphql", url.replace("http://", "ws://")).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", http::HeaderValue::from_static("graphql-transport-ws"));
        let mut socket = Self(connect_async(request).await.unwrap().0);
        let payload = token.map_or_else(|| json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.message().await["type"], "connection_ack");
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next message of the protocol; pings are passed over.
    pub async fn message(&mut self) -> Value {
        loop {
            match tokio::time::timeout(WITHIN, self.0.next()).await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// The data of the next event.
    pub async fn event(&mut self) -> Value {
        let mut message = self.message().await;
        assert!(message["type"] == "next" && message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"].take()
    }

    /// Whether nothing comes for a while.
    pub async fn is_silent(&mut self, for_a_while: Duration) -> bool {
        tokio::time::timeout(for_a_while, self.0.next()).await.is_err()
    }

    /// Code of the close frame.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match tokio::time::timeout(WITHIN, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    }
}
