//! Where events come into the hub.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parking_lot::RwLock;
use serde_json::{Map, Value};

use super::{
    feed::Feed,
    mailbox::Key,
    routes::{Route, Routes},
};

/// Who tells events, and which feeds listen to them.
#[derive(Default)]
pub(super) struct EventsState {
    sources: AtomicUsize,
    connected: AtomicUsize,
    routes: RwLock<Routes<Feed>>,
}

impl EventsState {
    /// Whether there is a source at all, be it connected or not.
    pub(super) fn has_source(&self) -> bool {
        self.sources.load(Ordering::Acquire) > 0
    }

    /// Whether every event is told.
    pub(super) fn is_heard(&self) -> bool {
        let sources = self.sources.load(Ordering::Acquire);
        sources > 0 && self.connected.load(Ordering::Acquire) == sources
    }

    /// A feed that is told when events may have been missed.
    pub(super) fn add(&self, feed: &Arc<Feed>) {
        self.routes.write().add(feed);
    }

    pub(super) fn remove(&self, feed: &Arc<Feed>) {
        self.routes.write().remove(feed);
    }

    /// Events of these keys go to a feed from now on.
    pub(super) fn listen(&self, feed: &Arc<Feed>, route: &Route<'_>, keys: &[Key]) {
        self.routes.write().listen(feed, route, keys);
    }

    /// Events of these keys do not go to a feed any more.
    pub(super) fn ignore(&self, feed: &Feed, route: &Route<'_>, keys: &[Key]) {
        self.routes.write().ignore(feed, route, keys);
    }

    fn all(&self) -> Vec<Arc<Feed>> {
        self.routes.read().all()
    }
}

/// Brings events to those who listen; cheap to clone.
#[derive(Clone)]
pub struct LiveEvents(Arc<EventsState>);

impl LiveEvents {
    pub(super) const fn new(state: Arc<EventsState>) -> Self {
        Self(state)
    }

    /// A source that tells all events from now on, of all types that feed fields. Fields that events feed are served
    /// from them once there is a source; while it is not connected, what is true is asked for every now and then.
    #[must_use]
    pub fn source(&self) -> LiveSource {
        self.0.sources.fetch_add(1, Ordering::AcqRel);
        LiveSource { state: Arc::clone(&self.0), is_connected: false }
    }
}

/// A source of events; when it is dropped, it is away for good.
pub struct LiveSource {
    state: Arc<EventsState>,
    is_connected: bool,
}

impl LiveSource {
    /// Every event from now on will be told. Those before may have been missed: what is true is asked for.
    pub fn connect(&mut self) {
        if !self.is_connected {
            self.is_connected = true;
            self.state.connected.fetch_add(1, Ordering::AcqRel);
            self.state.all().iter().for_each(|feed| feed.catch_up());
        }
    }

    /// Events may be missed from now on.
    pub fn disconnect(&mut self) {
        if self.is_connected {
            self.is_connected = false;
            self.state.connected.fetch_sub(1, Ordering::AcqRel);
            // From now on they look for themselves.
            self.state.all().iter().for_each(|feed| feed.catch_up());
        }
    }

    /// Tells an event.
    pub fn tell(&self, event_type: &str, data: &Value) {
        let Value::Object(data) = data else { return };
        self.tell_fields(event_type, data);
    }

    fn tell_fields(&self, event_type: &str, data: &Map<String, Value>) {
        // Feeds change routes while they hold what they take events with, so the routes must not be held here.
        let takers = self.state.routes.read().find(event_type, data);
        for (key, feeds) in takers {
            metrics::counter!("selvedge_live_routed_total").increment(feeds.len() as u64);
            feeds.iter().for_each(|feed| feed.arrive(event_type, &key, data));
        }
    }
}

impl Drop for LiveSource {
    fn drop(&mut self) {
        self.disconnect();
        self.state.sources.fetch_sub(1, Ordering::AcqRel);
    }
}
