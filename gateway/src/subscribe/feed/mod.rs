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
mod literal_keys;
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
pub(super) use literal_keys::without_literal_keys;
use parking_lot::Mutex;
pub(super) use plan::{FeedPlan, Refused};
pub(super) use run::failed;
use serde_json::{Map, Value};
use state::State;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Caller, events::EventsState, mailbox::Key, routes::Route, sharing::Sharing, sink::Sink};
use crate::{authenticate::IdentitySigner, config::SubscriptionsConfig, execute::Graph};

/// One distinct selection of a fed field, and everyone who listens to it.
pub(super) struct Feed {
    plan: ArcSwap<FeedPlan>,
    caller: Caller,
    signer: IdentitySigner,
    config: Arc<SubscriptionsConfig>,
    events: Arc<EventsState>,
    sharing: Sharing,
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
        (config, events): (Arc<SubscriptionsConfig>, Arc<EventsState>),
        sharing: Sharing,
    ) -> Arc<Self> {
        Arc::new(Self {
            plan: ArcSwap::from_pointee(plan),
            caller,
            signer,
            config,
            events,
            sharing,
            state: Mutex::default(),
            work: Notify::new(),
            abandoned: CancellationToken::new(),
        })
    }

    /// The name of its field.
    pub(super) fn field_name(&self) -> String {
        self.plan.load().live.name.clone()
    }

    /// Adds a client of `keys`, each with the revision that the client has; `None` when the feed has ended.
    pub(super) fn join(
        self: &Arc<Self>,
        sink: &Arc<Sink>,
        keys: Vec<(Value, Option<i64>)>,
    ) -> Option<(u64, Box<[Key]>)> {
        let mut state = self.state.lock();
        if state.has_ended {
            return None;
        }
        let joined = state.join(sink, keys);
        // Before it is asked for, so that no event is missed between the answer and the next one.
        let added = std::mem::take(&mut state.changed.added);
        if !added.is_empty() {
            self.events.listen(self, &route(&self.plan.load()), &added);
        }
        drop(state);
        self.work.notify_one();
        Some(joined)
    }

    /// Removes a client; whether it was the last.
    pub(super) fn leave(&self, id: u64, keys: &[Key]) -> bool {
        self.changing(|state| state.leave(id, keys))
    }

    /// Changes the state so that keys may be gone.
    fn changing<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let changed = change(&mut state);
        let removed = std::mem::take(&mut state.changed.removed);
        if !removed.is_empty() {
            self.events.ignore(self, &route(&self.plan.load()), &removed);
        }
        changed
    }

    /// Takes an event of a key.
    pub(super) fn arrive(&self, event_type: &str, key: &str, data: &Map<String, Value>) {
        let plan = self.plan.load();
        // What feeds it may have changed meanwhile; then all is asked for.
        if plan.live.event != event_type {
            return;
        }
        let Some(revision) = event::read_revision(&plan.live, data) else {
            tracing::warn!(event = event_type, "an event lacks its revision");
            return;
        };
        // What is the same for everyone may be given to clients as it is.
        let fill = || if self.sharing.is_public() { event::fill(&plan.shape, &plan.live, data) } else { None };
        let is_news = self.state.lock().arrive(key, revision, fill);
        if is_news && !self.give_now() {
            self.work.notify_one();
        }
    }

    /// Asks for all keys anew: events may have been missed.
    pub(super) fn catch_up(&self) {
        self.state.lock().ask_all();
        self.work.notify_one();
    }

    /// Who shares it.
    pub(super) const fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// Whether it runs on this graph.
    pub(super) fn is_on(&self, graph: &Arc<Graph>) -> bool {
        Arc::ptr_eq(&self.plan.load().graph, graph)
    }

    /// Goes on with another plan, once [`Self::outdate`] has been called.
    pub(super) fn move_to(self: &Arc<Self>, plan: FeedPlan) {
        let state = self.state.lock();
        let keys = state.keys();
        self.events.ignore(self, &route(&self.plan.load()), &keys);
        self.plan.store(Arc::new(plan));
        self.events.listen(self, &route(&self.plan.load()), &keys);
    }

    /// Asks for all keys by the plan of now; what came of another one does not count.
    pub(super) fn outdate(&self) {
        self.state.lock().outdate();
        self.work.notify_one();
    }

    /// Ends the stream of everyone, after a last response.
    pub(super) fn end(&self, last: Option<&Bytes>) {
        self.changing(|state| state.end(last));
        self.abandoned.cancel();
    }

    /// Lets its task end: nobody listens.
    pub(super) fn abandon(&self) {
        self.abandoned.cancel();
    }
}

fn route(plan: &FeedPlan) -> Route<'_> {
    Route { event: &plan.live.event, field: &plan.live.field }
}
