//! A subscription field that events of a bus feed: one feed for each distinct selection, however many clients listen to
//! however different sets of keys.
//!
//! An event goes to the feeds of its type and there to the clients of its key. Where it carries what is selected, no
//! subgraph is asked; else what is true now is asked for, for all keys together. A newcomer's first value comes from a
//! snapshot that was begun after it came, so that it is not older than its subscription; from then on it gets what is
//! newer, by revision.

mod ask;
mod batch;
mod event;
mod later;
mod merge;
mod plan;
mod run;
mod shape;
mod state;
mod topic;
mod trouble;

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
pub(super) use plan::{FeedPlan, Refused};
pub(super) use run::failed;
use serde_json::{Map, Value};
use state::State;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Caller, mailbox::Key, sink::Sink};
use crate::{authenticate::IdentitySigner, config::SubscriptionsConfig, execute::Graph};

/// One distinct selection of a fed field, and everyone who listens to it.
pub(super) struct Feed {
    plan: ArcSwap<FeedPlan>,
    caller: Caller,
    signer: IdentitySigner,
    config: Arc<SubscriptionsConfig>,
    /// Whether an event's data may be given to clients: it is the same for everyone.
    is_public: bool,
    state: Mutex<State>,
    work: Notify,
    /// Cancelled when nobody listens any more.
    abandoned: CancellationToken,
}

impl Feed {
    /// A feed without clients.
    pub(super) fn new(
        plan: FeedPlan,
        (caller, signer): (Caller, IdentitySigner),
        config: Arc<SubscriptionsConfig>,
        is_public: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            plan: ArcSwap::from_pointee(plan),
            caller,
            signer,
            config,
            is_public,
            state: Mutex::default(),
            work: Notify::new(),
            abandoned: CancellationToken::new(),
        })
    }

    /// The type of the events that feed it.
    pub(super) fn event_type(&self) -> String {
        self.plan.load().live.event.clone()
    }

    /// The name of its field.
    pub(super) fn field_name(&self) -> String {
        self.plan.load().live.name.clone()
    }

    /// Adds a client of `keys`, each with the revision that the client has; `None` when the feed has ended.
    pub(super) fn join(&self, sink: &Arc<Sink>, keys: Vec<(Value, Option<i64>)>) -> Option<(u64, Box<[Key]>)> {
        let mut state = self.state.lock();
        if state.has_ended {
            return None;
        }
        let joined = state.join(sink, keys);
        drop(state);
        self.work.notify_one();
        Some(joined)
    }

    /// Removes a client; whether it was the last.
    pub(super) fn leave(&self, id: u64, keys: &[Key]) -> bool {
        self.state.lock().leave(id, keys)
    }

    /// Takes an event of its type.
    pub(super) fn arrive(&self, data: &Map<String, Value>) {
        let plan = self.plan.load();
        let Some((key, revision)) = event::read_event(&plan.live, data) else {
            tracing::warn!(event = plan.live.event, "an event lacks its key or revision");
            return;
        };
        let fill = || if self.is_public { event::fill(&plan.shape, &plan.live, data) } else { None };
        if self.state.lock().arrive(&key, revision, fill) {
            self.work.notify_one();
        }
    }

    /// Asks for all keys anew: events may have been missed.
    pub(super) fn catch_up(&self) {
        self.state.lock().ask_all();
        self.work.notify_one();
    }

    /// Whether an event's data may be given to everyone who listens.
    pub(super) const fn is_public(&self) -> bool {
        self.is_public
    }

    /// Whether it runs on this graph.
    pub(super) fn is_on(&self, graph: &Arc<Graph>) -> bool {
        Arc::ptr_eq(&self.plan.load().graph, graph)
    }

    /// Whether it ends: nobody listens.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.is_cancelled()
    }

    /// Goes on with another plan, once [`Self::outdate`] has been called.
    pub(super) fn move_to(&self, plan: FeedPlan) {
        self.plan.store(Arc::new(plan));
    }

    /// Asks for all keys by the plan of now; what came of another one does not count.
    pub(super) fn outdate(&self) {
        self.state.lock().outdate();
        self.work.notify_one();
    }

    /// Ends the stream of everyone, after a last response.
    pub(super) fn end(&self, last: Option<&Bytes>) {
        self.state.lock().end(last);
        self.abandoned.cancel();
    }

    /// Lets its task end: nobody listens.
    pub(super) fn abandon(&self) {
        self.abandoned.cancel();
    }
}
