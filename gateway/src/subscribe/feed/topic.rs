//! One key of a feed: the newest value, and who listens to it.

use std::sync::Arc;

use ahash::AHashSet;
use bytes::Bytes;
use indexmap::IndexMap;

use crate::subscribe::{
    mailbox::{Key, count_conflated},
    marks::{Marks, Newest, Raised},
    sink::Sink,
};

/// After so many answers that are older than an event, what the subgraph says is taken for true.
const MOST_TRIES: u32 = 10;

/// A client of a key.
struct Listener {
    sink: Arc<Sink>,
    /// What it has of its keys. Absent for a client that wishes for fewer values, which are held back one by one.
    marks: Option<Arc<Marks>>,
    /// Which of its keys this is.
    number: u32,
    /// Whether it has had its first value.
    is_settled: bool,
}

/// A client that waits for its first value.
struct Newcomer {
    id: u64,
    /// How many snapshots had begun when it came: it gets nothing before the answer to a later one, so that its first
    /// value is not older than its subscription.
    since: u64,
    /// The revision that the client says it has.
    known: Option<i64>,
}

/// A client that joins.
pub(super) struct Joining<'j> {
    pub(super) id: u64,
    pub(super) sink: &'j Arc<Sink>,
    pub(super) marks: Option<&'j Arc<Marks>>,
    /// How many snapshots have begun.
    pub(super) snapshots: u64,
}

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) revision: Option<i64>,
    /// The encoded response for every client.
    pub(super) response: Bytes,
    /// The snapshot that it comes from; 0 for an event.
    pub(super) snapshot: u64,
}

/// That there were errors when the key was asked for.
struct Errors {
    /// What mailboxes know them by, so that they do not take the place of a value.
    key: Key,
    /// Those who know.
    told: AHashSet<u64>,
    /// How often, one after the other, there was no answer because of them.
    losses: u32,
}

/// Who has been told which errors of one answer: a client of many keys is told once.
#[derive(Default)]
pub(super) struct Told(AHashSet<(u64, usize)>);

/// One key.
pub(super) struct Topic {
    /// What mailboxes know it by: whatever is pushed goes with this one.
    key: Key,
    listeners: IndexMap<u64, Listener, ahash::RandomState>,
    /// Those that wait for a snapshot; some may have left.
    waiting: Vec<Newcomer>,
    latest: Option<Value>,
    /// The response of the latest.
    newest: Arc<Newest>,
    /// The next value may be of the same revision: what is asked of it has changed.
    is_outdated: bool,
    /// It stands in the queue of those to be asked for.
    pub(super) is_asked: bool,
    /// An answer older than this is asked for again.
    expected: Option<i64>,
    tries: u32,
    /// Absent while there are none.
    errors: Option<Box<Errors>>,
}

impl Listener {
    /// Gives it the newest value; whether that takes the place of another.
    fn give(&self, key: &Key, response: &Bytes) -> bool {
        let Some(marks) = &self.marks else {
            self.sink.push(Some(key), response.clone());
            return false;
        };
        let raised = marks.raise(self.number);
        if raised == Raised::First {
            self.sink.push_marks(marks);
        }
        raised == Raised::Conflated
    }
}

impl Topic {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            listeners: IndexMap::default(),
            waiting: Vec::new(),
            latest: None,
            newest: Arc::default(),
            is_outdated: false,
            is_asked: false,
            expected: None,
            tries: 0,
            errors: None,
        }
    }

    /// The key, as mailboxes know it.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    /// The newest response.
    pub(super) const fn newest(&self) -> &Arc<Newest> {
        &self.newest
    }

    /// Adds a client, of whose keys this is the one with that number.
    pub(super) fn add(&mut self, joining: &Joining<'_>, number: u32, known: Option<i64>) {
        let (sink, marks) = (Arc::clone(joining.sink), joining.marks.map(Arc::clone));
        self.listeners.insert(joining.id, Listener { sink, marks, number, is_settled: false });
        self.waiting.push(Newcomer { id: joining.id, since: joining.snapshots, known });
    }

    /// Removes a client; whether there is none left.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.listeners.swap_remove(&id);
        if let Some(errors) = &mut self.errors {
            errors.told.remove(&id);
        }
        self.listeners.is_empty()
    }

    /// Whether somebody waits for a first value.
    pub(super) const fn has_newcomers(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether anyone is still served.
    pub(super) fn is_wanted(&self) -> bool {
        self.listeners.values().any(|listener| !listener.sink.is_over())
    }

    /// Whether an event of this revision says something new.
    pub(super) fn is_news(&self, revision: Option<i64>) -> bool {
        let known = self.latest.as_ref().and_then(|latest| latest.revision);
        revision.zip(known).is_none_or(|(revision, known)| revision > known)
    }

    /// An event has told of this revision.
    pub(super) fn expect(&mut self, revision: Option<i64>) {
        self.expected = self.expected.max(revision);
        self.tries = 0;
    }

    /// What is asked of it has changed.
    pub(super) const fn outdate(&mut self) {
        self.is_outdated = true;
    }

    /// Takes a value. Everyone who waits for nothing else gets it, if it is newer than the last.
    pub(super) fn publish(&mut self, value: Value) {
        if !self.is_newer(&value) {
            // A later answer of the same revision: what others add to it may be other than it was.
            let is_later = |latest: &Value| latest.revision == value.revision && value.snapshot > latest.snapshot;
            if self.latest.as_ref().is_some_and(is_later) {
                self.newest.refresh(value.response.clone());
                self.latest = Some(value);
            }
            return;
        }
        self.is_outdated = false;
        let response = value.response.clone();
        // First: whoever is told takes it from there.
        self.take(value);
        let settled = self.listeners.values().filter(|listener| listener.is_settled);
        let conflated = settled.filter(|listener| listener.give(&self.key, &response)).count();
        if conflated > 0 {
            count_conflated(conflated as u64);
        }
    }

    fn take(&mut self, value: Value) {
        self.newest.set(value.response.clone());
        self.latest = Some(value);
    }

    /// Whether an answer of this revision, or that there is none, must be older than what an event has told.
    pub(super) fn is_older(&mut self, answered: Option<Option<i64>>) -> bool {
        let Some(expected) = self.expected else { return false };
        let is_older = match answered {
            Some(Some(revision)) => revision < expected,
            Some(None) => false,
            None => true,
        };
        self.tries += 1;
        let is_tried_again = is_older && self.tries < MOST_TRIES;
        if !is_tried_again {
            self.expected = None;
        }
        is_tried_again
    }

    /// The answer to a snapshot of this number has come: those who waited for it get the newest value.
    pub(super) fn answer(&mut self, snapshot: u64) {
        for newcomer in std::mem::take(&mut self.waiting) {
            // A client that has named the key twice waits twice.
            let listener = self.listeners.get_mut(&newcomer.id).filter(|listener| !listener.is_settled);
            let Some(listener) = listener else { continue };
            if newcomer.since >= snapshot {
                self.waiting.push(newcomer);
                continue;
            }
            listener.is_settled = true;
            let Some(latest) = &self.latest else { continue };
            let has_it = newcomer.known.zip(latest.revision).is_some_and(|(known, newest)| known >= newest);
            if !has_it {
                listener.give(&self.key, &latest.response);
            }
        }
    }

    /// A snapshot was answered without any error of this key.
    pub(super) fn has_no_errors(&mut self) {
        self.errors = None;
    }

    fn errors(&mut self) -> &mut Errors {
        let new = || Box::new(Errors { key: Arc::from(&*self.key), told: AHashSet::default(), losses: 0 });
        self.errors.get_or_insert_with(new)
    }

    /// There was no answer because of errors; how often it was so by now.
    pub(super) fn lose(&mut self) -> u32 {
        let errors = self.errors();
        errors.losses = errors.losses.saturating_add(1);
        errors.losses
    }

    /// Those whom a snapshot of this number is for are told of errors, each once until there are none.
    pub(super) fn tell(&mut self, snapshot: u64, response: &Bytes, told: &mut Told) {
        self.errors();
        let Some(errors) = &mut self.errors else { return };
        let later = self.waiting.iter().filter(|newcomer| newcomer.since >= snapshot);
        let later: AHashSet<u64> = later.map(|newcomer| newcomer.id).collect();
        for (id, listener) in &self.listeners {
            let is_for_it = listener.is_settled || !later.contains(id);
            if is_for_it && errors.told.insert(*id) && told.0.insert((*id, response.as_ptr().addr())) {
                listener.sink.tell(&errors.key, response.clone());
            }
        }
    }

    /// Those who wait for a snapshot up to this number are told why there is none, and leave. Whether anyone else
    /// listens: they are to be asked for again.
    pub(super) fn refuse(&mut self, snapshot: u64, errors: &Bytes) -> bool {
        let (refused, later) = std::mem::take(&mut self.waiting).into_iter().partition(|come| come.since < snapshot);
        self.waiting = later;
        let refused: Vec<Newcomer> = refused;
        for Newcomer { id, .. } in refused {
            if self.listeners.get(&id).is_some_and(|listener| !listener.is_settled)
                && let Some(listener) = self.listeners.swap_remove(&id)
            {
                // The first key that is refused ends the subscription for all of its keys.
                listener.sink.end_with(errors);
            }
        }
        self.is_wanted()
    }

    /// Ends the stream of everyone.
    pub(super) fn end(&mut self, last: Option<&Bytes>) {
        for (_, listener) in self.listeners.drain(..) {
            match last {
                Some(last) => listener.sink.end_with(last),
                None => listener.sink.end(),
            }
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
