//! One connection of a client, which may end at any time.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// How long opening a connection may take, with a process that has just been started.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// Thousands of clients are one process here.
const BUFFER_BYTES: usize = 4 * 1024;
pub(super) const BADGES: &str =
    "subscription Badges($skus: [String!]!) { stockBadges(skus: $skus) { sku state available revision } }";

/// What a client sees of a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) sku: String,
    pub(super) revision: i64,
    pub(super) available: i64,
}

impl Badge {
    pub(super) fn read(badge: &Value) -> Option<Self> {
        let sku = badge["sku"].as_str()?.to_owned();
        Some(Self { sku, revision: badge["revision"].as_i64()?, available: badge["available"].as_i64()? })
    }
}

/// What a client hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// Of the subscription with this id.
    Badge(String, Badge),
    /// The subscription with this id is over; with what was said.
    Ended(String, String),
    /// The connection is over; with what was said.
    Cut(String),
}

/// An open connection.
pub(super) struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// Opens a connection and takes it through `connection_init`.
    pub(super) async fn open(url: &str) -> Result<Self, String> {
        match tokio::time::timeout(OPEN_WITHIN, Self::connect(url)).await {
            Ok(opened) => opened,
            Err(_) => Err(format!("not open after {} s", OPEN_WITHIN.as_secs())),
        }
    }

    async fn connect(url: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(url.trim_start_matches("http://")).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        let mut request = format!("{}/graphql", url.replace("http://", "ws://")).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", http::HeaderValue::from_static("graphql-transport-ws"));
        let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
        let opened = client_async_with_config(request, stream, Some(config)).await;
        let mut client = Self(opened.map_err(|error| error.to_string())?.0);
        client.send(json!({ "type": "connection_init" })).await?;
        match client.0.next().await {
            Some(Ok(Message::Text(text))) if text.contains("connection_ack") => Ok(client),
            other => Err(format!("instead of connection_ack: {other:?}")),
        }
    }

    pub(super) async fn subscribe(&mut self, id: &str, skus: &[String]) -> Result<(), String> {
        let payload = json!({ "query": BADGES, "variables": { "skus": skus } });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await
    }

    pub(super) async fn complete(&mut self, id: &str) -> Result<(), String> {
        self.send(json!({ "id": id, "type": "complete" })).await
    }

    /// The next that is not of the protocol alone. Nothing is lost when it is dropped before it is there.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            let text = match self.0.next().await {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Cut(frame.map_or_else(|| "closed".to_owned(), |frame| frame.to_string()));
                }
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Heard::Cut(error.to_string()),
                None => return Heard::Cut("the end".to_owned()),
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            let id = message["id"].as_str().unwrap_or_default().to_owned();
            let badge = Badge::read(&message["payload"]["data"]["stockBadges"]);
            match (message["type"].as_str(), badge) {
                (Some("ping"), _) => {
                    // A connection that is gone is told by the next read.
                    let _ = self.send(json!({ "type": "pong" })).await;
                }
                (Some("next"), Some(badge)) => return Heard::Badge(id, badge),
                _ => return Heard::Ended(id, text.to_string()),
            }
        }
    }

    /// Says goodbye as the protocol wants it.
    pub(super) async fn leave(mut self) {
        let goodbye = async {
            if self.0.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.0.next().await {}
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
    }

    async fn send(&mut self, message: Value) -> Result<(), String> {
        self.0.send(Message::text(message.to_string())).await.map_err(|error| error.to_string())
    }
}
