//! The task of one connection.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc::UnboundedReceiver,
    time::Instant,
};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::{
    super::TransportError,
    fault::Fault,
    link::{Heard, Link},
    operations::{Command, Operations},
    pool::{Place, Pool},
    renew::Renewal,
    wire::{PONG, Received, Violation},
};

/// With this code the reference client closes a connection on which it does not understand the server.
const BAD_RESPONSE: u16 = 4004;
/// A connection that ended sooner was of no use, so that the next one is not made at once.
const USEFUL_AFTER: Duration = Duration::from_secs(1);

/// The task of one connection: it alone reads and writes it.
pub(super) struct Session<S> {
    pub(super) link: Link<S>,
    pub(super) pool: Arc<Pool>,
    pub(super) place: Place,
    pub(super) commands: UnboundedReceiver<Command>,
    pub(super) renewal: Renewal,
    pub(super) operations: Operations,
    pub(super) clocks: Clocks,
}

/// What has to be looked at when.
pub(super) struct Clocks {
    opened_at: Instant,
    heard_at: Instant,
    /// When a sign of life was asked for that has not come.
    asked_at: Option<Instant>,
    idle_since: Instant,
    /// When the next subscription may be started.
    start_at: Option<Instant>,
}

impl Clocks {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { opened_at: now, heard_at: now, asked_at: None, idle_since: now, start_at: None }
    }
}

/// Goes on, or ends the connection.
type Step = Result<(), Fault>;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<S> {
    /// Works until the connection ends.
    pub(super) async fn run(mut self) {
        self.pool.meters.sockets().increment(1.0);
        let fault = self.work().await;
        self.end(fault).await;
    }

    async fn work(&mut self) -> Fault {
        let mut alarm = pin!(tokio::time::sleep_until(self.next_alarm()));
        loop {
            let at = self.next_alarm();
            if alarm.deadline() != at {
                alarm.as_mut().reset(at);
            }
            let step = tokio::select! {
                biased;
                // Before what may never run dry.
                () = alarm.as_mut() => self.look_around(),
                Some(command) = self.commands.recv() => {
                    self.obey(command);
                    Ok(())
                }
                heard = self.link.next() => heard.and_then(|heard| self.hear(&heard)),
            };
            if let Err(fault) = step {
                return fault;
            }
        }
    }

    fn next_alarm(&self) -> Instant {
        let config = &self.pool.config;
        let clocks = &self.clocks;
        let heartbeat = clocks
            .asked_at
            .map_or(clocks.heard_at + config.heartbeat(), |asked_at| asked_at + config.heartbeat_timeout());
        let idle = self.operations.is_empty().then(|| clocks.idle_since + config.linger());
        [idle, clocks.start_at, self.renewal.due()].into_iter().flatten().fold(heartbeat, Instant::min)
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start { id, start } => {
                self.operations.add(id, start);
                self.pool.meters.operations().increment(1.0);
                if self.clocks.start_at.is_none() {
                    self.start_waiting();
                }
            }
            Command::End { id } => self.stop(id, Ok(())),
        }
    }

    /// Starts what waits, as far as it may.
    fn start_waiting(&mut self) {
        self.clocks.start_at = None;
        while self.operations.has_waiting() {
            if let Err(until) = self.pool.pace.take() {
                self.clocks.start_at = Some(until);
                return;
            }
            if let Some((id, body)) = self.operations.start_next() {
                // The pool takes no other.
                let body = String::from_utf8_lossy(&body);
                self.link.send(self.pool.wire().start(id, &body));
            }
        }
    }

    /// Ends a subscription on this side, and tells the subgraph.
    fn stop(&mut self, id: u64, end: Result<(), TransportError>) {
        if self.remove(id, end) == Some(true) {
            self.link.send(self.pool.wire().end(id));
        }
    }

    fn remove(&mut self, id: u64, end: Result<(), TransportError>) -> Option<bool> {
        let was_started = self.operations.remove(id, end)?;
        self.pool.meters.operations().decrement(1.0);
        if self.operations.is_empty() {
            self.clocks.idle_since = Instant::now();
        }
        Some(was_started)
    }

    fn hear(&mut self, heard: &Heard) -> Step {
        self.clocks.heard_at = Instant::now();
        self.clocks.asked_at = None;
        let Heard::Text(text) = heard else { return Ok(()) };
        match self.pool.wire().read(text.as_str())? {
            Received::Next(id, event) => self.deliver(id, event),
            Received::Error(id, response) => {
                self.deliver(id, response)?;
                self.remove(id, Ok(()));
                Ok(())
            }
            Received::Complete(id) => {
                self.check_known(id)?;
                self.remove(id, Ok(()));
                Ok(())
            }
            Received::Ping => {
                self.link.send(PONG.to_owned());
                Ok(())
            }
            Received::ConnectionRefused(reason) => Err(Fault::Refused(format!("connection_error {reason}"))),
            Received::Alive | Received::Acknowledged => Ok(()),
        }
    }

    fn deliver(&mut self, id: u64, event: Bytes) -> Step {
        self.check_known(id)?;
        // One that has ended here: what was on its way is late, not wrong.
        let Some(buffer) = self.operations.answered(id) else { return Ok(()) };
        let max_bytes = self.pool.max_event_bytes();
        if event.len() > max_bytes {
            let subgraph = self.pool.subgraph.to_string();
            self.stop(id, Err(TransportError::ResponseTooLarge { subgraph, max_bytes }));
        } else if let Err(waiting) = buffer.push(event) {
            self.pool.meters.overflowed();
            let reason = format!("{waiting} events were waiting to be taken");
            self.stop(id, Err(TransportError::Interrupted { subgraph: self.pool.subgraph.to_string(), reason }));
        }
        Ok(())
    }

    fn check_known(&self, id: u64) -> Step {
        if self.operations.was_started(id) {
            Ok(())
        } else {
            Err(Violation(format!("a message for the operation {id}, which was never started")).into())
        }
    }

    /// Does what is due.
    fn look_around(&mut self) -> Step {
        let now = Instant::now();
        self.check_heartbeat(now)?;
        if self.clocks.start_at.is_some_and(|at| at <= now) {
            self.start_waiting();
        }
        self.renew(now)?;
        let is_idle = self.operations.is_empty() && now >= self.clocks.idle_since + self.pool.config.linger();
        if is_idle && self.pool.retire_unused(&self.place) {
            return Err(Fault::Idle);
        }
        if is_idle {
            // Somebody is on the way.
            self.clocks.idle_since = now;
        }
        Ok(())
    }

    fn check_heartbeat(&mut self, now: Instant) -> Step {
        let config = &self.pool.config;
        match self.clocks.asked_at {
            Some(asked_at) if now >= asked_at + config.heartbeat_timeout() => {
                // Where this task was kept from working, the answer may wait to be read.
                return match self.link.next().now_or_never() {
                    Some(heard) => self.hear(&heard?),
                    None => Err(Fault::Silent { silence_ms: (now - self.clocks.heard_at).as_millis() }),
                };
            }
            None if now >= self.clocks.heard_at + config.heartbeat() => {
                self.clocks.asked_at = Some(now);
                match self.pool.wire().ping(None) {
                    Some(ping) => self.link.send(ping),
                    None => self.link.send_ping(),
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn renew(&mut self, now: Instant) -> Step {
        if let Some(identity) = self.renewal.fresh_identity(now)
            && let Some(ping) = self.pool.wire().ping(Some(&identity))
        {
            self.link.send(ping);
        }
        let Some(count) = self.renewal.count_to_move(now, self.operations.len()) else { return Ok(()) };
        self.pool.retire(&self.place);
        let end = Fault::IdentityEnds.ended(&self.pool.subgraph);
        for id in self.operations.some(count) {
            self.stop(id, Err(end.clone()));
        }
        if self.operations.is_empty() { Err(Fault::IdentityEnds) } else { Ok(()) }
    }

    async fn end(mut self, fault: Fault) {
        // From here on nobody gets this connection; who has just got it is told like the others.
        self.pool.retire(&self.place);
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            self.obey(command);
        }
        let lived = self.clocks.opened_at.elapsed();
        let is_planned = matches!(fault, Fault::Idle | Fault::IdentityEnds);
        if !is_planned {
            self.pool.lost(&fault, lived < USEFUL_AFTER);
        }
        self.pool.meters.sockets().decrement(1.0);
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        self.pool.meters.operations().decrement(self.operations.len() as f64);
        self.pool.meters.ended(&fault);
        self.log(&fault, lived);
        let error = self.error_of(&fault, lived);
        self.operations.end_all(&error);
        let frame = |code, reason: &str| CloseFrame { code, reason: reason.to_owned().into() };
        match fault {
            Fault::Idle | Fault::IdentityEnds => self.link.close(Some(frame(CloseCode::Normal, ""))).await,
            Fault::Violation(_) | Fault::Refused(_) => {
                self.link.close(Some(frame(BAD_RESPONSE.into(), "Bad response"))).await;
            }
            Fault::TooLarge { .. } => self.link.close(Some(frame(CloseCode::Size, "Message too large"))).await,
            Fault::Closed { .. } => self.link.close(None).await,
            _ => {}
        }
    }

    /// What the holders of subscriptions are told.
    fn error_of(&self, fault: &Fault, lived: Duration) -> TransportError {
        let subgraph = &self.pool.subgraph;
        if fault.is_about_identity() && lived >= USEFUL_AFTER {
            return TransportError::Resubscribe { subgraph: subgraph.to_string(), reason: fault.to_string() };
        }
        if !fault.is_refusal() {
            return fault.ended(subgraph);
        }
        if !fault.is_about_identity() {
            self.pool.suspect(self.operations.unanswered());
        }
        // Of several it is not known which one is to blame.
        let is_certain = self.operations.len() == 1 && self.operations.unanswered().count() == 1;
        if is_certain || self.place.is_alone() { fault.not_opened(subgraph) } else { fault.ended(subgraph) }
    }

    fn log(&self, fault: &Fault, lived: Duration) {
        let (subgraph, operations, lived_s) = (&*self.pool.subgraph, self.operations.len(), lived.as_secs());
        match fault {
            Fault::Idle => tracing::debug!(subgraph, lived_s, "closed a WebSocket that nobody used"),
            _ if fault.is_about_identity() => {
                tracing::info!(subgraph, operations, lived_s, reason = %fault, "the identity of a WebSocket ended");
            }
            _ => tracing::warn!(subgraph, operations, lived_s, reason = %fault, "a WebSocket to a subgraph ended"),
        }
    }
}
