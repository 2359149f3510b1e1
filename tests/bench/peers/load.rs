//! A closed loop: each connection waits for its answer before it asks again.

use std::{net::SocketAddr, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::{http::whole_message, measured::Measured, scenarios::Scenario};

/// Asks for `duration` on `connections` connections.
pub(crate) async fn run(address: SocketAddr, scenario: &Scenario, connections: usize, duration: Duration) -> Measured {
    let scenario = Rc::new(scenario.clone());
    let began = Instant::now();
    let end = began + duration;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let scenario = Rc::clone(&scenario);
        asking.spawn_local(async move {
            let mut connection = Connection::open(address).await;
            let mut latencies_us = Vec::new();
            let mut length = None;
            while Instant::now() < end {
                let request = scenario.next_request();
                let asked = Instant::now();
                let answered = connection.ask(&request).await;
                latencies_us.push(u64::try_from(asked.elapsed().as_micros()).unwrap());
                // Whole answers of one scenario are equally long.
                assert_eq!(*length.get_or_insert(answered), answered, "an answer of another length");
            }
            latencies_us
        });
    }
    Measured::of(asking, began).await
}

/// The body of the answer to one request.
pub(crate) async fn ask_once(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut connection = Connection::open(address).await;
    connection.ask(request).await;
    let message = whole_message(&connection.received).unwrap();
    message.body(&connection.received).into_owned()
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::with_capacity(256 * 1024) }
    }

    /// Sends a request and reads the answer, which stays in the buffer; returns how long its body is.
    async fn ask(&mut self, request: &[u8]) -> usize {
        self.stream.write_all(request).await.unwrap();
        self.received.clear();
        let mut needed = 0;
        loop {
            let read = self.stream.read_buf(&mut self.received).await.unwrap();
            assert!(read > 0, "the gateway closed a connection");
            if self.received.len() < needed {
                continue;
            }
            if let Some(message) = whole_message(&self.received) {
                let first_line = message.first_line(&self.received);
                assert!(first_line.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(&self.received));
                assert_eq!(message.end, self.received.len());
                return message.body(&self.received).len();
            }
            // Looking at the head again for each piece of a large answer would make the client slow.
            needed = content_length_end(&self.received).unwrap_or_default();
        }
    }
}

fn content_length_end(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head]).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    Some(head + length.trim().parse::<usize>().ok()?)
}
