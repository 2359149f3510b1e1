//! One client's connection, from `connection_init` to close.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use futures::{FutureExt, SinkExt, StreamExt};
use rand::Rng;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, error::Error as SocketError},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::{Caller, Limit, LimitReached, Limits, Permit, RunOperation},
    close::Close,
    frames::{Frames, write_now, write_rest},
    messages::{self, ClientMessage, Fault},
    operations::{Operations, Output},
    outcome::{End, finish},
    subprotocol::Subprotocol,
    timers::{Due, Timers},
    transport_ws,
};
use crate::{
    authenticate::CorrelationId,
    config::SubscriptionsConfig,
    error::GraphqlError,
    request::{GraphqlRequest, RequestError},
};

/// How much of what is ready goes out with one write. A client that takes no more has so much waiting for it at most,
/// beside the newest of each key.
const MAX_BYTES_AT_ONCE: usize = 16 * 1024;

/// What all connections of a gateway share.
pub struct Connections {
    /// Runs their operations.
    pub runner: Arc<dyn RunOperation>,
    /// Their limits.
    pub config: Arc<SubscriptionsConfig>,
    /// How many there may be, of whom.
    pub limits: Limits,
    /// The largest message of a client, in bytes.
    pub max_message_bytes: usize,
    /// Cancelled when the gateway stops.
    pub shutdown: CancellationToken,
    /// The open connections.
    pub tracker: TaskTracker,
}

/// What a connection waits for.
enum Event {
    /// Its operations have something for the client.
    Output(Arc<str>, Output),
    /// The gateway stops.
    Draining,
    Time,
    /// The client has said something, or left.
    Message(Option<Result<Message, SocketError>>),
}

/// One client's connection. What lives as long as it does is here, and small: most connections wait.
pub struct Connection<S> {
    socket: WebSocketStream<S>,
    shared: Arc<Connections>,
    /// Who opened it, or who `connection_init` said it is.
    caller: Arc<Caller>,
    operations: Operations,
    timers: Timers,
    protocol: Subprotocol,
    initialised: bool,
    permit: Permit,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    /// A connection of a caller whose upgrade request came from `caller`.
    pub(super) fn new(
        socket: WebSocketStream<S>,
        protocol: Subprotocol,
        shared: Arc<Connections>,
        (caller, permit): (Arc<Caller>, Permit),
    ) -> Self {
        let timers = Timers::new(Instant::now(), shared.config.init_timeout(), shared.config.keep_alive());
        let operations = Operations::default();
        Self { socket, shared, caller, operations, timers, protocol, initialised: false, permit }
    }

    /// Serves the connection until it ends.
    pub(super) async fn serve(&mut self) {
        let Err(end) = self.run().await;
        // First of all, so that upstreams do not outlive the client by its close handshake.
        self.operations = Operations::default();
        Box::pin(finish(&mut self.socket, Some(self.protocol), end)).await;
    }

    /// What is done about an event is boxed, but for outputs: it would make every waiting connection larger.
    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        let shared = Arc::clone(&self.shared);
        let mut draining = pin!(shared.shutdown.cancelled());
        let mut timer = pin!(sleep_until(self.timers.next()));
        let mut had_output = false;
        loop {
            if timer.deadline() != self.timers.next() {
                timer.as_mut().reset(self.timers.next());
            }
            let mut is_others_turn = had_output;
            let event = poll_fn(|context| {
                // What wakes a connection is an output most of the time. After one, whatever else there is has its turn.
                if !std::mem::take(&mut is_others_turn)
                    && let Poll::Ready((id, output)) = self.operations.poll_next(context)
                {
                    return Poll::Ready(Event::Output(id, output));
                }
                if !self.timers.is_leaving() && draining.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Event::Draining);
                }
                if timer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Event::Time);
                }
                if let Poll::Ready(message) = self.socket.poll_next_unpin(context) {
                    return Poll::Ready(Event::Message(message));
                }
                self.operations.poll_next(context).map(|(id, output)| Event::Output(id, output))
            });
            let event = event.await;
            had_output = matches!(event, Event::Output(..));
            match event {
                Event::Output(id, output) => self.send_outputs(&id, output).await?,
                Event::Draining => self.leave_soon(),
                Event::Time => Box::pin(self.on_time()).await?,
                Event::Message(Some(message)) => Box::pin(self.receive(message?)).await?,
                Event::Message(None) => return Err(End::Gone),
            }
        }
    }

    /// All connections close while the gateway drains, each at a moment of its own: their clients come back one after
    /// the other. Until then, everything goes on.
    fn leave_soon(&mut self) {
        let drain = self.shared.config.drain().mul_f64(rand::rng().random_range(0.0..1.0));
        self.timers.leave_at(Instant::now() + drain);
    }

    async fn on_time(&mut self) -> Result<(), End> {
        match self.timers.due(Instant::now()) {
            None => Ok(()),
            Some(Due::Leave) => Err(End::Close(Close::GoingAway)),
            // What it has said meanwhile may not have been looked at yet: it was waited for it to take something.
            Some(Due::Silence) => match self.socket.next().now_or_never().flatten() {
                Some(message) => self.receive(message?).await,
                None => Err(End::Gone),
            },
            Some(Due::Deadline) if self.initialised => {
                Err(End::Close(Close::Forbidden("the token has expired".to_owned())))
            }
            Some(Due::Deadline) => Err(End::Close(Close::InitTimeout)),
            Some(Due::KeepAlive) => {
                if let Some(message) = self.protocol.keep_alive().filter(|_| self.initialised) {
                    self.send(message).await?;
                }
                self.send(Message::Ping(bytes::Bytes::new())).await
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<(), End> {
        self.timers.hear(Instant::now());
        match message {
            Message::Text(text) => match self.protocol.read(text.as_str()) {
                Ok(message) => self.handle(message).await,
                Err(Fault::Answer(answer)) => self.send(answer).await,
                Err(Fault::Close(close)) => Err(End::Close(close)),
            },
            Message::Binary(_) => {
                Err(End::Close(Close::BadMessage("binary messages are not of the protocol".to_owned())))
            }
            Message::Close(_) => Err(End::ByClient),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn handle(&mut self, message: ClientMessage) -> Result<(), End> {
        match message {
            ClientMessage::Init { authorization } => self.init(authorization).await,
            ClientMessage::Ping { authorization: Some(authorization), .. } if self.initialised => {
                self.renew(authorization).await?;
                self.send(transport_ws::pong(Some(&messages::expiry(self.caller.identity.expires_at)))).await
            }
            // Nobody's token is sent back.
            ClientMessage::Ping { authorization: Some(_), .. } => self.send(transport_ws::pong(None)).await,
            ClientMessage::Ping { authorization: None, payload } => {
                self.send(transport_ws::pong(payload.as_ref())).await
            }
            ClientMessage::Pong => Ok(()),
            ClientMessage::Terminate => Err(End::Close(Close::Normal)),
            ClientMessage::Complete { id } => {
                let ran = self.operations.stop(&id);
                if ran && self.protocol.confirms_stop() {
                    return self.send(self.protocol.complete(&id).into()).await;
                }
                Ok(())
            }
            ClientMessage::Subscribe { .. } if !self.initialised => Err(End::Close(Close::Unauthorized)),
            ClientMessage::Subscribe { id, request } => self.subscribe(id, request).await,
        }
    }

    async fn subscribe(&mut self, id: String, request: Result<GraphqlRequest, RequestError>) -> Result<(), End> {
        if self.operations.runs(&id) {
            if !self.protocol.replaces_operations() {
                return Err(End::Close(Close::DuplicateId(id)));
            }
            self.operations.stop(&id);
        }
        let most = self.shared.config.max_operations_per_connection;
        let request = match request {
            Ok(_) if self.operations.len() >= most => Err(LimitReached::counted(Limit::Operations, most).into()),
            Ok(request) => Ok(request),
            Err(error) => Err(GraphqlError::new(error.code(), error.to_string())),
        };
        match request {
            Ok(request) => {
                let caller = Caller { correlation: CorrelationId::generate(), ..Caller::clone(&self.caller) };
                self.operations.start(id, request, caller, &self.shared.runner);
                Ok(())
            }
            Err(error) => self.send(self.protocol.error(&id, &[error]).into()).await,
        }
    }

    async fn init(&mut self, authorization: Option<String>) -> Result<(), End> {
        match authorization {
            _ if self.initialised && !self.protocol.renews_by_init() => return Err(End::Close(Close::TooManyInits)),
            Some(authorization) if self.initialised => self.renew(authorization).await?,
            Some(authorization) => {
                let caller = self.verify(authorization).await?;
                let given = self.permit.give_to(caller.identity.subject.as_deref());
                given.map_err(|reached| End::Close(Close::TryLater(reached)))?;
                self.caller = Arc::new(caller);
            }
            None => {}
        }
        self.initialised = true;
        self.follow_expiry();
        for message in self.protocol.acknowledge(self.caller.identity.expires_at) {
            self.send(message).await?;
        }
        Ok(())
    }

    fn verify(&self, authorization: String) -> impl Future<Output = Result<Caller, End>> + use<S> {
        let verifying = self.shared.runner.authenticate(authorization, Caller::clone(&self.caller));
        verifying.map(|verified| verified.map_err(|reason| End::Close(Close::Forbidden(reason))))
    }

    /// Goes on with a new token of the same subject. What runs was let in by what the old one grants, so the new one
    /// must grant no less.
    async fn renew(&mut self, authorization: String) -> Result<(), End> {
        let renewed = self.verify(authorization).await;
        let outcome = if renewed.is_ok() { "accepted" } else { "refused" };
        metrics::counter!("selvedge_token_renewals_total", "outcome" => outcome).increment(1);
        let (old, renewed) = (&self.caller.identity, renewed?);
        let forbidden = |why: &str| Err(End::Close(Close::Forbidden(why.to_owned())));
        if renewed.identity.subject != old.subject {
            return forbidden("the token is of another subject");
        }
        if !old.scopes.iter().all(|scope| renewed.identity.scopes.contains(scope)) {
            return forbidden("the token grants less than the one before");
        }
        self.caller = Arc::new(renewed);
        self.follow_expiry();
        Ok(())
    }

    fn follow_expiry(&mut self) {
        let left = self.shared.runner.time_left(&self.caller.identity);
        self.timers.deadline = left.map(|left| Instant::now() + left);
    }

    /// Sends an output and those that are ready behind it, with one write.
    async fn send_outputs(&mut self, id: &str, output: Output) -> Result<(), End> {
        let mut first = Some(output);
        let left = poll_fn(|context| {
            let (operations, protocol) = (&mut self.operations, self.protocol);
            let first = first.take();
            let written = write_now(&mut self.socket, context, |frames| {
                if let Some(output) = first {
                    add(frames, (protocol, id), &output);
                }
                while frames.len() < MAX_BYTES_AT_ONCE
                    && let Some((id, output)) = operations.take()
                {
                    add(frames, (protocol, &id), &output);
                }
            });
            Poll::Ready(written)
        });
        match left.await? {
            None => Ok(()),
            Some(left) => Box::pin(within(self.shared.config.send_timeout(), write_rest(&mut self.socket, left))).await,
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        within(self.shared.config.send_timeout(), self.socket.send(message)).await
    }
}

/// Adds an output of the operation `id`.
fn add(frames: &mut Frames, (protocol, id): (Subprotocol, &str), output: &Output) {
    let message = match output {
        Output::Next(response) => protocol.next(id, response),
        Output::Errors(errors) => protocol.error(id, errors),
        Output::Complete => protocol.complete(id),
    };
    frames.text(&message.parts());
}

/// A client that takes nothing for so long is gone.
async fn within(limit: Duration, sending: impl Future<Output = Result<(), SocketError>>) -> Result<(), End> {
    match tokio::time::timeout(limit, sending).await {
        Ok(sent) => Ok(sent?),
        Err(_elapsed) => Err(End::Gone),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::{
        super::super::{Place, Running},
        *,
    };
    use crate::authenticate::Identity;

    struct Nothing;

    impl RunOperation for Nothing {
        fn run(
            &self,
            _: GraphqlRequest,
            _: Caller,
            _: Place,
        ) -> BoxFuture<'static, Result<Running, Vec<GraphqlError>>> {
            async { Err(Vec::new()) }.boxed()
        }

        fn authenticate(&self, _: String, caller: Caller) -> BoxFuture<'static, Result<Caller, String>> {
            async { Ok(caller) }.boxed()
        }

        fn time_left(&self, _: &Identity) -> Option<Duration> {
            None
        }
    }

    /// What a connection that waits keeps, its socket included; most of it is the library's.
    #[tokio::test]
    async fn a_waiting_connection_is_small() {
        let shared = Arc::new(Connections {
            runner: Arc::new(Nothing),
            config: Arc::default(),
            limits: Limits::new(&SubscriptionsConfig::default()),
            max_message_bytes: 1_000,
            shutdown: CancellationToken::new(),
            tracker: TaskTracker::new(),
        });
        let (_client, server) = tokio::io::duplex(64);
        let socket = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
        let socket_bytes = size_of_val(&socket);
        let caller = Arc::new(Caller::new(Identity::default(), CorrelationId::generate()));
        let permit = shared.limits.connect(&caller).unwrap();
        let mut connection = Connection::new(socket, Subprotocol::TransportWs, shared, (caller, permit));
        let (kept_bytes, serving_bytes) = (size_of_val(&connection), size_of_val(&connection.serve()));
        println!("a connection has {kept_bytes} bytes, {socket_bytes} of them its socket; serving it {serving_bytes}");
        assert!(kept_bytes <= 640 && serving_bytes <= 640, "{kept_bytes} and {serving_bytes}");
    }
}
