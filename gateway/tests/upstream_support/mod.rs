//! A subgraph that serves subscriptions over WebSocket, and does whatever a test wants.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of this, and tests may unwrap"
)]

mod gateway;

pub use gateway::*;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinSet,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        protocol::CloseFrame,
    },
};

/// What a test makes the subgraph do on all connections.
#[derive(Debug, Clone)]
pub enum Do {
    /// Sends `{"data":{"n":N}}` to each operation.
    Publish(u64),
    /// Sends these frames as they are.
    Frames(Vec<Message>),
    /// Closes with a code.
    Close(u16),
    /// Neither reads nor writes any more.
    Freeze,
}

/// How the subgraph receives connections.
#[derive(Debug, Clone)]
pub struct Manners {
    pub subprotocol: &'static str,
    /// An HTTP status instead of the upgrade.
    pub status: Option<u16>,
    /// What is sent instead of `connection_ack`.
    pub instead_of_ack: Option<Vec<Message>>,
    /// Close codes for operations whose request contains a text.
    pub refuses: Option<(&'static str, u16)>,
    /// Whether each operation begins with the current value.
    pub has_snapshot: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            subprotocol: "graphql-transport-ws",
            status: None,
            instead_of_ack: None,
            refuses: None,
            has_snapshot: true,
        }
    }
}

/// What the subgraph saw of one connection.
#[derive(Debug, Default)]
pub struct Seen {
    pub headers: HeaderMap,
    pub init: Value,
    /// Open operations.
    pub operations: BTreeMap<String, Value>,
    /// Messages that started operations.
    pub started: Vec<Value>,
    /// Ids that the gateway completed.
    pub completed: Vec<String>,
    pub pings: Vec<Value>,
    pub close: Option<u16>,
    pub is_open: bool,
}

/// Everything that outlives a restart.
pub struct World {
    pub sockets: Mutex<Vec<Arc<Mutex<Seen>>>>,
    pub manners: Mutex<Manners>,
    /// The current value.
    pub value: Mutex<u64>,
    /// How many TCP connections came.
    pub connections: AtomicUsize,
    doing: broadcast::Sender<Do>,
}

/// A running subgraph; dropping it kills it.
pub struct LiveSubgraph {
    pub address: SocketAddr,
    pub world: Arc<World>,
    _tasks: JoinSet<()>,
}

impl LiveSubgraph {
    pub async fn start() -> Self {
        Self::start_with(Manners::default()).await
    }

    pub async fn start_with(manners: Manners) -> Self {
        let world = World {
            sockets: Mutex::default(),
            manners: Mutex::new(manners),
            value: Mutex::default(),
            connections: AtomicUsize::default(),
            doing: broadcast::channel(10_000).0,
        };
        Self::serve("127.0.0.1:0".parse().unwrap(), Arc::new(world)).await
    }

    /// Kills it and starts it again at the same address after a pause.
    pub async fn restart(self, pause: Duration) -> Self {
        let (address, world) = (self.address, Arc::clone(&self.world));
        drop(self);
        for seen in world.sockets.lock().unwrap().iter() {
            seen.lock().unwrap().is_open = false;
        }
        tokio::time::sleep(pause).await;
        Self::serve(address, world).await
    }

    async fn serve(address: SocketAddr, world: Arc<World>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let accepting = Arc::clone(&world);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(Arc::clone(&accepting).receive(stream));
            }
        });
        Self { address, world, _tasks: tasks }
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub fn tell(&self, what: Do) {
        let _ = self.world.doing.send(what);
    }

    /// Changes the value and tells every operation.
    pub fn publish(&self, value: u64) {
        *self.world.value.lock().unwrap() = value;
        self.tell(Do::Publish(value));
    }

    pub fn sockets(&self) -> Vec<Arc<Mutex<Seen>>> {
        self.world.sockets.lock().unwrap().clone()
    }

    pub fn open_sockets(&self) -> usize {
        self.sockets().iter().filter(|seen| seen.lock().unwrap().is_open).count()
    }

    /// How many operations are open, over all open connections.
    pub fn operations(&self) -> usize {
        let open = self.sockets();
        let open = open.iter().map(|seen| seen.lock().unwrap());
        open.filter(|seen| seen.is_open).map(|seen| seen.operations.len()).sum()
    }
}

impl World {
    async fn receive(self: Arc<Self>, stream: TcpStream) {
        let manners = self.manners.lock().unwrap().clone();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let headers = Arc::clone(&seen);
        #[expect(clippy::result_large_err, reason = "the library's type")]
        let callback = |request: &Request, mut response: Response| {
            headers.lock().unwrap().headers = request.headers().clone();
            if let Some(status) = manners.status {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = http::StatusCode::from_u16(status).unwrap();
                return Err(refusal);
            }
            let subprotocol = HeaderValue::from_static(manners.subprotocol);
            response.headers_mut().insert("sec-websocket-protocol", subprotocol);
            Ok(response)
        };
        // Whoever asks with HTTP/1.1 for something else gets nothing.
        let Ok(socket) = accept_hdr_async(stream, callback).await else { return };
        seen.lock().unwrap().is_open = true;
        self.sockets.lock().unwrap().push(Arc::clone(&seen));
        let doing = self.doing.subscribe();
        Connection { world: self, seen: Arc::clone(&seen), socket, manners }.serve(doing).await;
        seen.lock().unwrap().is_open = false;
    }
}

struct Connection {
    world: Arc<World>,
    seen: Arc<Mutex<Seen>>,
    socket: WebSocketStream<TcpStream>,
    manners: Manners,
}

impl Connection {
    async fn serve(mut self, mut doing: broadcast::Receiver<Do>) {
        loop {
            let goes_on = tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(&serde_json::from_str(&text).unwrap()).await,
                    Some(Ok(Message::Close(frame))) => {
                        self.seen.lock().unwrap().close = frame.map(|frame| frame.code.into());
                        true
                    }
                    Some(Ok(_)) => true,
                    Some(Err(_)) | None => false,
                },
                Ok(what) = doing.recv() => self.perform(what).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn hear(&mut self, message: &Value) -> bool {
        let id = message["id"].as_str().unwrap_or_default().to_owned();
        match message["type"].as_str().unwrap() {
            "connection_init" => {
                self.seen.lock().unwrap().init = message["payload"].clone();
                let ack = vec![Message::text("{\"type\":\"connection_ack\"}")];
                let answer = self.manners.instead_of_ack.clone().unwrap_or(ack);
                self.send(answer).await
            }
            "ping" => {
                self.seen.lock().unwrap().pings.push(message["payload"].clone());
                self.send(vec![Message::text("{\"type\":\"pong\"}")]).await
            }
            "subscribe" | "start" => {
                let body = message["payload"].clone();
                {
                    let mut seen = self.seen.lock().unwrap();
                    seen.operations.insert(id.clone(), body.clone());
                    seen.started.push(message.clone());
                }
                if let Some((text, code)) = self.manners.refuses
                    && body.to_string().contains(text)
                {
                    return self.close(code).await;
                }
                let value = *self.world.value.lock().unwrap();
                if self.manners.has_snapshot { self.send(vec![self.next(&id, value)]).await } else { true }
            }
            "complete" | "stop" => {
                let mut seen = self.seen.lock().unwrap();
                seen.operations.remove(&id);
                seen.completed.push(id);
                true
            }
            _ => true,
        }
    }

    fn next(&self, id: &str, value: u64) -> Message {
        let kind = if self.manners.subprotocol == "graphql-ws" { "data" } else { "next" };
        Message::text(json!({ "id": id, "type": kind, "payload": { "data": { "n": value } } }).to_string())
    }

    async fn perform(&mut self, what: Do) -> bool {
        match what {
            Do::Publish(value) => {
                let ids: Vec<String> = self.seen.lock().unwrap().operations.keys().cloned().collect();
                let messages = ids.iter().map(|id| self.next(id, value)).collect();
                self.send(messages).await
            }
            Do::Frames(frames) => self.send(frames).await,
            Do::Close(code) => self.close(code).await,
            Do::Freeze => std::future::pending().await,
        }
    }

    async fn close(&mut self, code: u16) -> bool {
        let frame = CloseFrame { code: code.into(), reason: "as the test wants".into() };
        self.send(vec![Message::Close(Some(frame))]).await
    }

    async fn send(&mut self, messages: Vec<Message>) -> bool {
        for message in messages {
            if self.socket.feed(message).await.is_err() {
                return false;
            }
        }
        self.socket.flush().await.is_ok()
    }
}
