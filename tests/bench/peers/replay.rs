//! The subgraphs: one server that answers each request body with the bytes that it was answered with the first time.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    net::SocketAddr,
    rc::Rc,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{data::Store, http::whole_message, resolve};

/// A running server for all subgraphs; which one is asked does not matter, as they agree on everything.
pub(crate) struct Replay {
    address: SocketAddr,
    known: Rc<Known>,
}

struct Known {
    store: Store,
    recorded: RefCell<HashMap<Vec<u8>, Bytes>>,
    answered: Cell<usize>,
    unknown: Cell<usize>,
}

impl Replay {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let known = Rc::new(Known {
            store: Store::new(),
            recorded: RefCell::default(),
            answered: Cell::new(0),
            unknown: Cell::new(0),
        });
        let serving = Rc::clone(&known);
        tokio::task::spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::task::spawn_local(serve(stream, Rc::clone(&serving)));
            }
        });
        Self { address, known }
    }

    /// Where the subgraph of a name is.
    pub(crate) fn url(&self, subgraph: &str) -> String {
        format!("http://{}/{subgraph}", self.address)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.known.store
    }

    /// How many requests were answered.
    pub(crate) fn answered(&self) -> usize {
        self.known.answered.get()
    }

    /// How many requests could not be answered.
    pub(crate) fn unknown(&self) -> usize {
        self.known.unknown.get()
    }
}

async fn serve(mut stream: TcpStream, known: Rc<Known>) {
    let mut received = Vec::with_capacity(16 * 1024);
    loop {
        while let Some(message) = whole_message(&received) {
            let answer = known.answer(&message.body(&received));
            received.drain(..message.end);
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut received).await, Ok(1..)) {
            return;
        }
    }
}

impl Known {
    /// The whole HTTP response to a request body.
    fn answer(&self, body: &[u8]) -> Bytes {
        self.answered.set(self.answered.get() + 1);
        if let Some(recorded) = self.recorded.borrow().get(body) {
            return recorded.clone();
        }
        let request = serde_json::from_slice(body).unwrap_or_default();
        let answer = resolve::answer(&request, &self.store).unwrap_or_else(|| {
            self.unknown.set(self.unknown.get() + 1);
            eprintln!("no answer to {}", String::from_utf8_lossy(body));
            serde_json::json!({ "errors": [{ "message": "unknown" }] })
        });
        let answer = answer.to_string();
        let length = answer.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        let response = Bytes::from(head + &answer);
        self.recorded.borrow_mut().insert(body.to_vec(), response.clone());
        response
    }
}
