//! The WebSockets to one address, and who shares which.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    super::{CORRELATION_HEADER, SubgraphRequest, SubgraphResponse, TransportError},
    buffer::Buffer,
    dial::{Dialed, Dialer},
    fault::Fault,
    gate::Gate,
    key::{SocketKey, fingerprint},
    meters::Meters,
    operation::Operation,
    operations::{Command, Operations, Start},
    pace::Pace,
    session::{Clocks, Session},
    splice::with_correlation,
    wire::Wire,
};
use crate::config::SubgraphSubscriptionConfig;

/// How long a subscription that is under suspicion is watched before it counts as opened.
const WATCHED_FOR: Duration = Duration::from_secs(1);
/// Of how many requests is remembered that they are under suspicion.
const MAX_SUSPECTS: usize = 1_024;

/// An attempt to connect, for all who wait for it.
type Attempt = Shared<BoxFuture<'static, Result<(), TransportError>>>;

/// Which connection an operation is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    key: Arc<SocketKey>,
    number: u64,
}

impl Place {
    /// Whether the connection is that of one request under suspicion.
    pub(super) fn is_alone(&self) -> bool {
        self.key.alone.is_some()
    }
}

/// A connection as the pool knows it.
struct Open {
    number: u64,
    commands: UnboundedSender<Command>,
    taken: usize,
    last_id: u64,
}

/// The connections that equal subscriptions share.
#[derive(Default)]
struct Sockets {
    open: Vec<Open>,
    attempt: Option<Attempt>,
}

#[derive(Default)]
struct State {
    by_key: HashMap<Arc<SocketKey>, Sockets>,
    /// Requests that may have made the subgraph close a connection: each gets one of its own, where it harms no other.
    suspects: HashSet<u64>,
    last_number: u64,
}

/// The WebSockets to one address.
pub(super) struct Pool {
    pub(super) subgraph: Arc<str>,
    pub(super) config: SubgraphSubscriptionConfig,
    pub(super) pace: Pace,
    pub(super) meters: Meters,
    dialer: Dialer,
    gate: Gate,
    state: Mutex<State>,
    /// How many connections were lost and not made again.
    lost: AtomicUsize,
}

impl Pool {
    pub(super) fn new(dialer: Dialer, config: &SubgraphSubscriptionConfig) -> Arc<Self> {
        let subgraph = Arc::clone(&dialer.subgraph);
        Arc::new(Self {
            pace: Pace::new(config.max_starts_per_s),
            meters: Meters::new(Arc::clone(&subgraph)),
            gate: Gate::new(config),
            state: Mutex::default(),
            lost: AtomicUsize::new(0),
            config: config.clone(),
            subgraph,
            dialer,
        })
    }

    pub(super) const fn wire(&self) -> Wire {
        self.dialer.wire
    }

    pub(super) const fn max_event_bytes(&self) -> usize {
        self.dialer.max_event_bytes
    }

    /// Starts a subscription, on a connection that others use if there is one.
    ///
    /// # Errors
    ///
    /// When there is none and none can be made.
    ///
    /// # Cancellation
    ///
    /// Ends the subscription. An attempt to connect goes on, for those who wait for it and for who comes next.
    pub(super) async fn open(self: Arc<Self>, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        if std::str::from_utf8(&request.body).is_err() {
            let (subgraph, reason) = (self.subgraph.to_string(), "the request is not UTF-8".to_owned());
            return Err(TransportError::Refused { subgraph, reason });
        }
        let key = SocketKey::of(&request);
        let fingerprint = fingerprint(&request.body);
        let is_suspect = self.state.lock().suspects.contains(&fingerprint);
        let key = Arc::new(if is_suspect { key.alone(fingerprint) } else { key });
        let correlation = request.context.headers.get(CORRELATION_HEADER).and_then(|value| value.to_str().ok());
        let body = with_correlation(&request.body, correlation);
        let mut has_waited = false;
        loop {
            let attempt = match self.join(&key, (&body, fingerprint), &request) {
                Ok(operation) => {
                    if is_suspect {
                        operation.begun(WATCHED_FOR).await?;
                    }
                    return Ok(SubgraphResponse::stream(operation.boxed()));
                }
                Err(attempt) => attempt,
            };
            // A connection that breaks before anybody can use it is not made again and again for one request.
            if let Some(fault) = self.gate.failing().filter(|_| has_waited) {
                return Err(fault.ended(&self.subgraph));
            }
            attempt.await?;
            has_waited = true;
        }
    }

    /// A place on a connection; or the attempt to make one, which is begun if there is none.
    fn join(
        self: &Arc<Self>,
        key: &Arc<SocketKey>,
        (body, fingerprint): (&Bytes, u64),
        request: &SubgraphRequest,
    ) -> Result<Operation, Attempt> {
        let mut state = self.state.lock();
        let sockets = state.by_key.entry(Arc::clone(key)).or_default();
        for open in &mut sockets.open {
            if open.taken >= self.config.max_operations {
                continue;
            }
            let id = open.last_id + 1;
            let buffer = Arc::new(Buffer::new(self.config.max_pending, self.dialer.max_event_bytes));
            let start = Start { body: body.clone(), fingerprint, buffer: Arc::clone(&buffer) };
            // Under the lock, so that starts come in the order of their ids. Fails when the task has just ended.
            if open.commands.send(Command::Start { id, start }).is_ok() {
                open.last_id = id;
                open.taken += 1;
                let place = Place { key: Arc::clone(key), number: open.number };
                return Ok(Operation { id, buffer, commands: open.commands.clone(), place, pool: Arc::clone(self) });
            }
        }
        Err(sockets.attempt.get_or_insert_with(|| self.begin_attempt(Arc::clone(key), request.clone())).clone())
    }

    /// Connects in a task of its own: who began it may lose interest before others do.
    fn begin_attempt(self: &Arc<Self>, key: Arc<SocketKey>, request: SubgraphRequest) -> Attempt {
        let pool = Arc::clone(self);
        let subgraph = self.subgraph.to_string();
        let connecting = tokio::spawn(async move {
            let _attempt = AttemptUnderWay { pool: &pool, key: &key };
            let dialed = pool.connect(&request).await.map_err(|fault| fault.not_opened(&pool.subgraph))?;
            pool.install(&key, dialed);
            Ok(())
        });
        let stopped = move |_| Err(TransportError::Interrupted { subgraph, reason: "the attempt stopped".to_owned() });
        connecting.map(|joined| joined.unwrap_or_else(stopped)).boxed().shared()
    }

    async fn connect(&self, request: &SubgraphRequest) -> Result<Dialed, Fault> {
        let _passage = self.gate.enter().await?;
        let dialed = self.dialer.dial(request).await;
        match &dialed {
            // One that refuses this caller is there for the next.
            Err(fault) if !fault.is_refusal() => self.gate.failed(fault),
            _ => self.gate.succeeded(),
        }
        self.note(&dialed);
        dialed
    }

    fn note(&self, result: &Result<Dialed, Fault>) {
        let was_lost = |lost: usize| lost.checked_sub(1);
        let again = result.is_ok() && self.lost.fetch_update(Ordering::Relaxed, Ordering::Relaxed, was_lost).is_ok();
        self.meters.connected(result.as_ref().map(|_| ()), again);
        match result {
            Ok(_) => tracing::debug!(subgraph = &*self.subgraph, again, "opened a WebSocket"),
            Err(fault) => {
                tracing::warn!(subgraph = &*self.subgraph, reason = %fault, "a WebSocket could not be opened");
            }
        }
    }

    fn install(self: &Arc<Self>, key: &Arc<SocketKey>, Dialed { link, renewal }: Dialed) {
        let (sender, commands) = unbounded_channel();
        let mut state = self.state.lock();
        state.last_number += 1;
        let place = Place { key: Arc::clone(key), number: state.last_number };
        let open = Open { number: place.number, commands: sender, taken: 0, last_id: 0 };
        state.by_key.entry(Arc::clone(key)).or_default().open.push(open);
        drop(state);
        let (pool, operations, clocks) = (Arc::clone(self), Operations::default(), Clocks::new());
        tokio::spawn(Session { link, pool, place, commands, renewal, operations, clocks }.run());
    }

    /// An operation is gone.
    pub(super) fn leave(&self, place: &Place) {
        let mut state = self.state.lock();
        let open = state.by_key.get_mut(&place.key).into_iter().flat_map(|sockets| &mut sockets.open);
        for open in open.filter(|open| open.number == place.number) {
            open.taken = open.taken.saturating_sub(1);
        }
    }

    /// Gives the connection to nobody any more.
    pub(super) fn retire(&self, place: &Place) {
        self.state.lock().retire(place, false);
    }

    /// The same if nobody uses it; whether that is so.
    pub(super) fn retire_unused(&self, place: &Place) -> bool {
        self.state.lock().retire(place, true)
    }

    /// A connection was lost; `is_early` when it was of no use before.
    pub(super) fn lost(&self, fault: &Fault, is_early: bool) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        if is_early {
            self.gate.failed(fault);
        }
    }

    /// These may be to blame for the end of a connection.
    pub(super) fn suspect(&self, fingerprints: impl Iterator<Item = u64>) {
        let mut state = self.state.lock();
        if state.suspects.len() >= MAX_SUSPECTS {
            state.suspects.clear();
        }
        state.suspects.extend(fingerprints.take(MAX_SUSPECTS));
    }
}

impl State {
    fn retire(&mut self, place: &Place, only_unused: bool) -> bool {
        let Some(sockets) = self.by_key.get_mut(&place.key) else { return true };
        let is_used = sockets.open.iter().any(|open| open.number == place.number && open.taken > 0);
        if only_unused && is_used {
            return false;
        }
        sockets.open.retain(|open| open.number != place.number);
        self.tidy(&place.key);
        true
    }

    fn tidy(&mut self, key: &Arc<SocketKey>) {
        if self.by_key.get(key).is_some_and(|sockets| sockets.open.is_empty() && sockets.attempt.is_none()) {
            self.by_key.remove(key);
        }
    }
}

/// Takes the attempt out of the pool when it ends, however it does.
struct AttemptUnderWay<'a> {
    pool: &'a Pool,
    key: &'a Arc<SocketKey>,
}

impl Drop for AttemptUnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        if let Some(sockets) = state.by_key.get_mut(self.key) {
            sockets.attempt = None;
        }
        state.tidy(self.key);
    }
}
