//! One kept connection to inventory.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::http::whole_message;

/// A connection with a request under way at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// The body of the answer to `body`.
    pub(crate) async fn ask(&mut self, body: &str, identity: &str) -> Vec<u8> {
        let length = body.len();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: inventory\r\ncontent-type: application/json\r\n\
             x-selvedge-identity: {identity}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.received.clear();
        loop {
            assert!(self.stream.read_buf(&mut self.received).await.unwrap() > 0, "inventory hung up");
            if let Some(message) = whole_message(&self.received) {
                assert_eq!(message.first_line(&self.received), "HTTP/1.1 200 OK");
                return message.body(&self.received).into_owned();
            }
        }
    }
}
