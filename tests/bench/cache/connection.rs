//! One kept connection to a gateway.

use std::net::SocketAddr;

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::http::whole_message;

/// A connection of someone, signed in or not.
pub(crate) struct Connection {
    stream: TcpStream,
    head: String,
    buffer: Vec<u8>,
}

/// A product page as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) total_available: i64,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Deserialize)]
pub(crate) struct Variant {
    pub(crate) badge: Badge,
}

#[derive(Deserialize)]
pub(crate) struct Badge {
    pub(crate) available: i64,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, token: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut head = format!("POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
        if let Some(token) = token {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        Self { stream, head, buffer: Vec::new() }
    }

    /// The body of the answer to `body`.
    pub(crate) async fn ask(&mut self, body: &str) -> Vec<u8> {
        let request = format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        loop {
            assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the gateway hung up");
            if let Some(message) = whole_message(&self.buffer) {
                assert_eq!(message.first_line(&self.buffer), "HTTP/1.1 200 OK");
                assert_eq!(message.end, self.buffer.len());
                return message.body(&self.buffer).into_owned();
            }
        }
    }

    /// The page that `body` asks for.
    pub(crate) async fn page(&mut self, body: &str) -> Page {
        #[derive(Deserialize)]
        struct Answer {
            data: Data,
            errors: Option<serde_json::Value>,
        }
        #[derive(Deserialize)]
        struct Data {
            product: Page,
        }
        let answer: Answer = serde_json::from_slice(&self.ask(body).await).unwrap();
        assert!(answer.errors.is_none(), "{:?}", answer.errors);
        answer.data.product
    }
}
