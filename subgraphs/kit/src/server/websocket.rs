//! The protocol graphql-transport-ws on one WebSocket.
//!
//! Specification: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>. The identity comes in the upgrade
//! request's header, or in the payload of `connection_init` as `{"identity": "<token>"}`. A connection does not outlive
//! it: before it ends, the client sends a fresh one of the same caller in the payload of a `ping`, in the same form.

use std::{collections::HashMap, time::Duration};

use futures::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use tokio_util::task::AbortOnDropHandle;

use super::{SubgraphServer, decode::read, respond::is_request_error};
use crate::identity::LastingIdentity;

/// How long a client may take to say `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the client is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// A client that was silent for this long is gone.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(45);
/// A client that does not take a message within this time is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
/// Messages that wait to be sent, per connection; when full, the operations wait.
const QUEUE_LENGTH: usize = 64;
/// Operations at one time, per connection.
const MAX_OPERATIONS: usize = 10_000;
/// A longer correlation id is none.
const MAX_CORRELATION_BYTES: usize = 128;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ClientMessage {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

/// A message of one operation; dropped when that operation is no longer the one with this number.
struct Outgoing {
    id: String,
    number: u64,
    text: Option<String>,
    ends: bool,
}

/// Ends the connection with a close code.
struct Closing(u16, &'static str);

/// Serves `socket` until either side closes it. `identity` is what the upgrade request carried.
pub(super) async fn run<S>(socket: WebSocketStream<S>, server: SubgraphServer, identity: Option<LastingIdentity>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sink, mut source) = socket.split();
    let (outgoing, mut queue) = mpsc::channel(QUEUE_LENGTH);
    let closing = server.closing().clone();
    let mut session =
        Session { server, identity, acknowledged: false, operations: HashMap::new(), next_number: 0, outgoing, sink };
    let init_deadline = Instant::now() + INIT_TIMEOUT;
    let mut heard_at = Instant::now();
    let mut ping = tokio::time::interval(PING_INTERVAL);
    let ended = loop {
        let step = tokio::select! {
            biased;
            () = closing.cancelled() => Err(Some(Closing(1001, "Going away"))),
            // Before what may never run dry.
            _ = ping.tick() => {
                if heard_at.elapsed() > SILENCE_TIMEOUT { Err(None) } else { session.look_around().await }
            }
            incoming = source.next() => {
                heard_at = Instant::now();
                match incoming {
                    Some(Ok(message)) => session.receive(message).await,
                    Some(Err(_)) | None => Err(None),
                }
            }
            Some(message) = queue.recv() => session.forward(message).await,
            () = tokio::time::sleep_until(init_deadline), if !session.acknowledged => {
                Err(Some(Closing(4408, "Connection initialisation timeout")))
            }
        };
        if let Err(end) = step {
            break end;
        }
    };
    if let Some(Closing(code, reason)) = ended {
        session.close(code, reason).await;
    }
}

struct Session<S> {
    server: SubgraphServer,
    identity: Option<LastingIdentity>,
    acknowledged: bool,
    operations: HashMap<String, (u64, AbortOnDropHandle<()>)>,
    next_number: u64,
    outgoing: mpsc::Sender<Outgoing>,
    sink: SplitSink<WebSocketStream<S>, Message>,
}

/// Goes on, or ends the connection: with a close code, or without a word when the peer is gone.
type Step = Result<(), Option<Closing>>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Session<S> {
    async fn receive(&mut self, message: Message) -> Step {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return Err(None),
            Message::Binary(_) => return Err(Some(Closing(4400, "Invalid message"))),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
        };
        let Ok(message) = serde_json::from_str::<ClientMessage>(&text) else {
            return Err(Some(Closing(4400, "Invalid message")));
        };
        match message {
            ClientMessage::ConnectionInit { payload } => self.acknowledge(payload.as_ref()).await,
            ClientMessage::Ping { payload } => self.answer_ping(payload).await,
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
        }
    }

    /// Whether the connection may go on; asks the client whether it is there.
    async fn look_around(&mut self) -> Step {
        if self.identity.as_ref().is_some_and(|identity| self.server.verifier().has_ended(identity)) {
            return Err(Some(Closing(4403, "The identity has expired")));
        }
        self.send(Message::Ping(Vec::new().into())).await
    }

    /// A `ping` may bring a fresh identity, of the same caller: what runs here runs for that one.
    async fn answer_ping(&mut self, payload: Option<Value>) -> Step {
        let Some(token) = payload.as_ref().and_then(|payload| payload.get("identity")).and_then(Value::as_str) else {
            return self.send_json(&with_payload("pong", payload)).await;
        };
        let fresh = self.verify(Some(token))?;
        if self.identity.as_ref().is_some_and(|identity| !identity.is_same_caller(&fresh)) {
            return Err(Some(Closing(4403, "Another identity")));
        }
        self.identity = Some(fresh);
        self.send_json(&json!({"type": "pong"})).await
    }

    fn verify(&self, token: Option<&str>) -> Result<LastingIdentity, Option<Closing>> {
        self.server.verifier().verify_lasting(token).map_err(|error| {
            tracing::debug!(subgraph = self.server.subgraph().name, %error, "refused a WebSocket");
            Some(Closing(4403, "Forbidden"))
        })
    }

    async fn acknowledge(&mut self, payload: Option<&Value>) -> Step {
        if self.acknowledged {
            return Err(Some(Closing(4429, "Too many initialisation requests")));
        }
        if self.identity.is_none() {
            let token = payload.and_then(|payload| payload.get("identity")).and_then(Value::as_str);
            self.identity = Some(self.verify(token)?);
        }
        self.acknowledged = true;
        self.send_json(&json!({"type": "connection_ack"})).await
    }

    async fn subscribe(&mut self, id: String, payload: Value) -> Step {
        let (true, Some(LastingIdentity { mut identity, .. })) = (self.acknowledged, self.identity.clone()) else {
            return Err(Some(Closing(4401, "Unauthorized")));
        };
        if self.operations.contains_key(&id) {
            return Err(Some(Closing(4409, "Subscriber already exists")));
        }
        if self.operations.len() >= MAX_OPERATIONS {
            return Err(Some(Closing(4429, "Too many subscriptions")));
        }
        let request = match read(payload) {
            Ok(request) => {
                // The identity tells that of the connection, which many operations share.
                if let Some(id) = correlation_of(&request) {
                    identity.correlation_id = id;
                }
                request.data(identity.clone())
            }
            Err(refusal) => {
                let error = json!({"message": refusal.message, "extensions": {"code": refusal.code}});
                return self.send_json(&json!({"id": id, "type": "error", "payload": [error]})).await;
            }
        };
        let number = self.next_number;
        self.next_number += 1;
        let responses = self.server.run(identity, request);
        let task = tokio::spawn(pump(id.clone(), number, responses, self.outgoing.clone()));
        self.operations.insert(id, (number, AbortOnDropHandle::new(task)));
        Ok(())
    }

    async fn forward(&mut self, message: Outgoing) -> Step {
        if self.operations.get(&message.id).is_none_or(|(number, _)| *number != message.number) {
            return Ok(());
        }
        if message.ends {
            self.operations.remove(&message.id);
        }
        match message.text {
            Some(text) => self.send(Message::text(text)).await,
            None => Ok(()),
        }
    }

    async fn send_json(&mut self, value: &Value) -> Step {
        self.send(Message::text(value.to_string())).await
    }

    async fn send(&mut self, message: Message) -> Step {
        match tokio::time::timeout(SEND_TIMEOUT, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        if self.send(Message::Close(Some(frame))).await.is_ok() {
            let _ = tokio::time::timeout(SEND_TIMEOUT, self.sink.close()).await;
        }
    }
}

/// The correlation id of one operation, if it tells one that is fit for logs.
fn correlation_of(request: &async_graphql::Request) -> Option<String> {
    let Some(async_graphql::Value::String(id)) = request.extensions.get("correlationId") else { return None };
    let is_fit = (1..=MAX_CORRELATION_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_fit.then(|| id.clone())
}

/// Turns the responses of one operation into messages.
async fn pump(
    id: String,
    number: u64,
    mut responses: futures::stream::BoxStream<'static, async_graphql::Response>,
    outgoing: mpsc::Sender<Outgoing>,
) {
    let mut is_first = true;
    while let Some(response) = responses.next().await {
        let refused = is_first && is_request_error(&response);
        is_first = false;
        let text = if refused { message("error", &id, &response.errors) } else { message("next", &id, &response) };
        let sent = outgoing.send(Outgoing { id: id.clone(), number, text, ends: refused }).await;
        if refused || sent.is_err() {
            return;
        }
    }
    let text = Some(json!({"id": id, "type": "complete"}).to_string());
    // Fails only when the connection is gone, and then nobody waits for it.
    let _ = outgoing.send(Outgoing { id, number, text, ends: true }).await;
}

fn message(kind: &'static str, id: &str, payload: &impl serde::Serialize) -> Option<String> {
    #[derive(serde::Serialize)]
    struct ServerMessage<'a, P> {
        id: &'a str,
        r#type: &'static str,
        payload: &'a P,
    }
    serde_json::to_string(&ServerMessage { id, r#type: kind, payload })
        .inspect_err(|error| tracing::error!(%error, "a GraphQL response could not be written as JSON"))
        .ok()
}

fn with_payload(kind: &str, payload: Option<Value>) -> Value {
    payload.map_or_else(|| json!({"type": kind}), |payload| json!({"type": kind, "payload": payload}))
}
