//! One key of a feed: the newest value, and who listens to it.

use std::sync::Arc;

use bytes::Bytes;

use crate::subscribe::{mailbox::Key, sink::Sink};

/// A client of a key.
struct Listener {
    id: u64,
    sink: Arc<Sink>,
    /// How many snapshots had begun when it came: it gets nothing before the answer to a later one, so that its first
    /// value is not older than its subscription. `None`: it has had it.
    waits_since: Option<u64>,
    /// The revision that the client says it has.
    known: Option<i64>,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) revision: Option<i64>,
    /// The encoded response for every client.
    pub(super) response: Bytes,
}

/// One key.
#[derive(Default)]
pub(super) struct Topic {
    listeners: Vec<Listener>,
    latest: Option<Value>,
    /// The next value may be of the same revision: what is asked of it has changed.
    is_outdated: bool,
    /// It stands in the queue of those to be asked for.
    pub(super) is_asked: bool,
    /// An answer older than this is asked for again.
    pub(super) expected: Option<i64>,
}

impl Topic {
    pub(super) fn add(&mut self, id: u64, sink: Arc<Sink>, (snapshots, known): (u64, Option<i64>)) {
        self.listeners.push(Listener { id, sink, waits_since: Some(snapshots), known });
    }

    /// Removes a client; whether there is none left.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        if let Some(at) = self.listeners.iter().position(|listener| listener.id == id) {
            self.listeners.swap_remove(at);
        }
        self.listeners.is_empty()
    }

    /// Whether an event of this revision says something new.
    pub(super) fn is_news(&self, revision: Option<i64>) -> bool {
        let known = self.latest.as_ref().and_then(|latest| latest.revision);
        revision.zip(known).is_none_or(|(revision, known)| revision > known)
    }

    /// What is asked of it has changed.
    pub(super) fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// Gives everyone who waits for nothing else a value, unless it is not newer than the last.
    pub(super) fn publish(&mut self, key: &Key, value: Value) {
        if !self.is_newer(&value) {
            return;
        }
        self.is_outdated = false;
        for listener in self.listeners.iter().filter(|listener| listener.waits_since.is_none()) {
            listener.sink.push(Some(key), value.response.clone());
        }
        self.latest = Some(value);
    }

    /// The answer to a snapshot of this number has come: those who waited for it get the newest value.
    pub(super) fn answer(&mut self, key: &Key, snapshot: u64) {
        for listener in &mut self.listeners {
            if listener.waits_since.is_none_or(|since| since >= snapshot) {
                continue;
            }
            listener.waits_since = None;
            let Some(latest) = &self.latest else { continue };
            let has_it = listener.known.zip(latest.revision).is_some_and(|(known, newest)| known >= newest);
            if !has_it {
                listener.sink.push(Some(key), latest.response.clone());
            }
        }
        // A client that was told what it has itself is not told again.
        self.listeners.iter_mut().filter(|listener| listener.waits_since.is_none()).for_each(|it| it.known = None);
    }

    /// Those who wait for a snapshot up to this number; they are told why there is none, and leave.
    pub(super) fn refuse(&mut self, snapshot: u64, errors: &Bytes) {
        self.listeners.retain(|listener| {
            let waits = listener.waits_since.is_some_and(|since| since < snapshot);
            if waits {
                // The first key that is refused ends the subscription for all of its keys.
                if !listener.sink.is_over() {
                    listener.sink.put(None, errors.clone());
                    listener.sink.end();
                }
            }
            !waits
        });
    }

    /// Ends the stream of everyone.
    pub(super) fn end(&mut self, last: Option<&Bytes>) {
        for listener in self.listeners.drain(..) {
            if let (Some(last), false) = (last, listener.sink.is_over()) {
                listener.sink.put(None, last.clone());
            }
            listener.sink.end();
        }
    }

    /// Whether nobody listens.
    pub(super) fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    fn is_newer(&self, value: &Value) -> bool {
        let Some(latest) = &self.latest else { return true };
        match (latest.revision, value.revision) {
            (Some(known), Some(new)) => {
                new > known || (new == known && self.is_outdated && latest.response != value.response)
            }
            _ => latest.response != value.response,
        }
    }
}
