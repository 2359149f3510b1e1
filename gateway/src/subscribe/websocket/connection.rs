//! One client's connection, from `connection_init` to close.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, SinkExt, StreamExt};
use rand::Rng;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        error::{Error as SocketError, ProtocolError},
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::{Caller, RunOperation},
    close::Close,
    messages::{self, ClientMessage},
    operations::{Operations, Output},
};
use crate::{authenticate::CorrelationId, config::SubscriptionsConfig, error::GraphqlError};

/// How many outputs go out with one flush.
const MAX_SENT_AT_ONCE: usize = 64;
/// Spreads the clients that connect again after a shutdown.
const MAX_SHUTDOWN_JITTER: Duration = Duration::from_millis(500);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What all connections of a gateway share; cheap to clone.
#[derive(Clone)]
pub struct Connections {
    /// Runs their operations.
    pub runner: Arc<dyn RunOperation>,
    /// Their limits.
    pub config: Arc<SubscriptionsConfig>,
    /// The largest message of a client, in bytes.
    pub max_message_bytes: usize,
    /// Cancelled when the gateway stops.
    pub shutdown: CancellationToken,
    /// The open connections.
    pub tracker: TaskTracker,
}

/// One client's connection.
pub struct Connection<S> {
    socket: WebSocketStream<S>,
    connections: Connections,
    /// Who opened it, or who `connection_init` said it is.
    caller: Caller,
    initialised: bool,
    operations: Operations,
    /// When `connection_init` must have come; later, when the caller's token runs out.
    deadline: Option<Instant>,
    last_heard: Instant,
}

/// Why the loop ends.
enum End {
    Close(Close),
    /// The client is gone, or cannot be reached.
    Gone,
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Capacity(_) => Self::Close(Close::TooLarge),
            SocketError::Utf8(_) => Self::Close(Close::BadText),
            // The client broke off, which takes no answer.
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            SocketError::Protocol(_) => Self::Close(Close::BadFrame),
            _ => Self::Gone,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// A connection of a caller whose upgrade request came from `caller`.
    pub fn new(socket: WebSocketStream<S>, connections: Connections, caller: Caller) -> Self {
        let now = Instant::now();
        let deadline = Some(now + connections.config.init_timeout());
        let operations = Operations::default();
        Self { socket, connections, caller, initialised: false, operations, deadline, last_heard: now }
    }

    /// Serves the connection until it ends.
    pub async fn serve(mut self) {
        let end = self.run().await;
        // First of all, so that upstreams do not outlive the client by its close handshake.
        self.operations = Operations::default();
        if let Err(End::Close(close)) = end {
            self.close(&close).await;
        }
    }

    /// Closes at once: the client's subprotocol is not ours.
    pub async fn refuse_subprotocol(mut self) {
        self.close(&Close::SubprotocolNotAcceptable).await;
    }

    async fn run(&mut self) -> Result<(), End> {
        let shutdown = self.connections.shutdown.clone();
        let keep_alive = self.connections.config.keep_alive();
        let mut alive = tokio::time::interval_at(Instant::now() + keep_alive, keep_alive);
        loop {
            let deadline = self.deadline;
            tokio::select! {
                () = shutdown.cancelled() => {
                    let jitter = rand::rng().random_range(0.0..1.0);
                    tokio::time::sleep(MAX_SHUTDOWN_JITTER.mul_f64(jitter)).await;
                    return Err(End::Close(Close::GoingAway));
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    return Err(End::Close(self.deadline_passed()));
                }
                _ = alive.tick() => self.ping(keep_alive).await?,
                message = self.socket.next() => match message {
                    Some(message) => self.receive(message?).await?,
                    None => return Err(End::Gone),
                },
                (id, output) = self.operations.next(), if !self.operations.is_empty() => {
                    self.send_outputs(&id, output).await?;
                }
            }
        }
    }

    fn deadline_passed(&self) -> Close {
        if self.initialised { Close::Forbidden("the token has expired".to_owned()) } else { Close::InitTimeout }
    }

    async fn ping(&mut self, keep_alive: Duration) -> Result<(), End> {
        if self.last_heard.elapsed() > keep_alive * 2 {
            return Err(End::Gone);
        }
        self.send(Message::Ping(bytes::Bytes::new())).await
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        self.last_heard = Instant::now();
        match message {
            Message::Text(text) => {
                let message = ClientMessage::read(text.as_str()).map_err(End::Close)?;
                self.handle(message).await
            }
            Message::Binary(_) => Err(End::Close(Close::BadMessage("binary messages are not of the protocol"))),
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn handle(&mut self, message: ClientMessage) -> Result<(), End> {
        match message {
            ClientMessage::Init { authorization } => self.init(authorization).await,
            ClientMessage::Ping { payload } => self.send(messages::pong(payload)).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
            ClientMessage::Subscribe { .. } if !self.initialised => Err(End::Close(Close::Unauthorized)),
            ClientMessage::Subscribe { id, request } => {
                let most = self.connections.config.max_operations_per_connection;
                let request = match request {
                    Ok(_) if self.operations.len() >= most => Err(GraphqlError::new(
                        "TOO_MANY_OPERATIONS",
                        format!("a connection may run at most {most} operations at a time"),
                    )),
                    Ok(request) => Ok(request),
                    Err(error) => Err(GraphqlError::new(error.code(), error.to_string())),
                };
                match request {
                    Ok(request) => {
                        let caller = Caller { correlation: CorrelationId::generate(), ..self.caller.clone() };
                        let runner = &self.connections.runner;
                        self.operations.start(id, request, caller, runner).map_err(End::Close)
                    }
                    Err(error) => self.send(messages::error(&id, &[error])).await,
                }
            }
        }
    }

    async fn init(&mut self, authorization: Option<String>) -> Result<(), End> {
        if self.initialised {
            return Err(End::Close(Close::TooManyInits));
        }
        if let Some(authorization) = authorization {
            let verified = self.connections.runner.authenticate(authorization, self.caller.clone()).await;
            self.caller = verified.map_err(|reason| End::Close(Close::Forbidden(reason)))?;
        }
        self.initialised = true;
        self.deadline = self.connections.runner.time_left(&self.caller.identity).map(|left| Instant::now() + left);
        self.send(messages::acknowledge()).await
    }

    /// Sends an output and those that are ready behind it, with one flush.
    async fn send_outputs(&mut self, id: &str, output: Output) -> Result<(), End> {
        let mut outgoing = vec![encode(id, output)];
        while outgoing.len() < MAX_SENT_AT_ONCE
            && let Some((id, output)) = self.operations.next().now_or_never()
        {
            outgoing.push(encode(&id, output));
        }
        let socket = &mut self.socket;
        let sending = async {
            for message in outgoing {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        within(self.connections.config.send_timeout(), sending).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        within(self.connections.config.send_timeout(), self.socket.send(message)).await
    }

    /// Sends the close frame and waits shortly for the client's.
    async fn close(&mut self, close: &Close) {
        let handshake = async {
            if self.socket.close(Some(close.frame())).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
            // What is left unread would reset the connection, and the client would lose the close frame with it.
            if matches!(close, Close::TooLarge | Close::BadFrame | Close::BadText) {
                let _ = tokio::io::copy(self.socket.get_mut(), &mut tokio::io::sink()).await;
            }
        };
        // A client that does not answer is dropped with the socket.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, handshake).await;
    }
}

fn encode(id: &str, output: Output) -> Message {
    match output {
        Output::Next(response) => messages::next(id, &response),
        Output::Errors(errors) => messages::error(id, &errors),
        Output::Complete => messages::complete(id),
    }
}

/// A client that takes nothing for so long is gone.
async fn within(limit: Duration, sending: impl Future<Output = Result<(), SocketError>>) -> Result<(), End> {
    match tokio::time::timeout(limit, sending).await {
        Ok(sent) => Ok(sent?),
        Err(_elapsed) => Err(End::Gone),
    }
}
