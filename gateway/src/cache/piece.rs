//! What is kept: pieces of answers, and by what they are found.

use std::{
    hash::{Hash, Hasher},
    sync::{Arc, LazyLock},
    time::Duration,
};

use ahash::RandomState;
use bytes::Bytes;
use quick_cache::{Equivalent, Weighter};
use tokio::time::Instant;

use super::{marks::Moment, profile::FetchName, tag::Reading};
use crate::{
    freshness::Freshness,
    subgraph::{CallerKey, HeaderList},
};

/// Whom an answer may be given to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Partition {
    /// Everyone, with the same headers that rules may pass on.
    Public(HeaderList),
    /// Callers of whom subgraphs are told the same.
    Own(CallerKey, HeaderList),
}

/// What is asked, apart from the representation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Of everything below; unpredictable for clients.
    hash: u64,
    fetch: Arc<FetchName>,
    batch: usize,
    /// The variables, as they are sent.
    variables: Arc<[u8]>,
    pub(super) partition: Partition,
}

static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Question {
    pub(super) fn new(fetch: &Arc<FetchName>, batch: usize, variables: &Arc<[u8]>, partition: Partition) -> Arc<Self> {
        let hash = HASHER.hash_one((&**fetch, batch, variables, &partition));
        Arc::new(Self { hash, fetch: Arc::clone(fetch), batch, variables: Arc::clone(variables), partition })
    }

    /// Calls `each` with the bytes of all that it consists of; the same in every process.
    pub(super) fn for_each_part(&self, each: &mut impl FnMut(&[u8])) {
        each(self.fetch.subgraph.as_bytes());
        each(self.fetch.operation.as_bytes());
        each(&(self.batch as u64).to_le_bytes());
        each(&self.variables);
        let forwarded = match &self.partition {
            Partition::Public(forwarded) => {
                each(b"public");
                forwarded
            }
            Partition::Own(CallerKey { subject, scope }, forwarded) => {
                each(if subject.is_some() { b"own" } else { b"nobody" });
                each(subject.as_deref().unwrap_or_default().as_bytes());
                each(scope.as_bytes());
                forwarded
            }
        };
        for (name, value) in forwarded.iter() {
            each(name.as_str().as_bytes());
            each(value.as_bytes());
        }
        // Where the headers end and the representation begins.
        each(&(forwarded.len() as u64).to_le_bytes());
    }
}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

/// What a piece is found by; all of its bytes are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) question: Arc<Question>,
    pub(super) representation: Box<[u8]>,
}

/// The same, borrowed.
#[derive(Hash)]
pub(super) struct KeyRef<'k> {
    pub(super) question: &'k Arc<Question>,
    pub(super) representation: &'k [u8],
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        (Arc::ptr_eq(self.question, &key.question) || *self.question == key.question)
            && *self.representation == *key.representation
    }
}

impl KeyRef<'_> {
    pub(super) fn to_key(&self) -> Key {
        Key { question: Arc::clone(self.question), representation: self.representation.into() }
    }
}

/// What answers one representation, or the root fields of a fetch.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// JSON, one for each list that answers the representation.
    parts: Box<[Bytes]>,
    /// Shared with those who watch what they have read.
    pub(super) readings: Arc<[Reading]>,
    /// When the fetch began.
    pub(super) began: Moment,
    pub(super) freshness: PieceFreshness,
}

/// How old a piece is and how old it may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PieceFreshness {
    pub(super) since: Instant,
    pub(super) until: Instant,
    pub(super) is_private: bool,
    /// Only who hears of events may keep it.
    pub(super) is_followed: bool,
}

impl Piece {
    pub(super) fn new(parts: Box<[Bytes]>, readings: Arc<[Reading]>, began: Moment, freshness: PieceFreshness) -> Self {
        Self { parts, readings, began, freshness }
    }

    /// All of its JSON.
    pub(super) fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// The JSON for the list of this number.
    #[must_use]
    pub fn part(&self, output: usize) -> Bytes {
        self.parts.get(output).cloned().unwrap_or_default()
    }
}

impl PieceFreshness {
    /// What clients may be told of it now.
    pub(super) fn now(&self) -> Freshness {
        let now = Instant::now();
        // Clients hear of no events, so they may not keep what only events can end.
        let left = if self.is_followed { Duration::ZERO } else { self.until.saturating_duration_since(now) };
        Freshness { left, age: now.saturating_duration_since(self.since), is_private: self.is_private }
    }
}

/// Weighs pieces by their memory, about.
#[derive(Debug, Clone)]
pub(super) struct ByBytes;

/// What a piece costs beside its bytes: the store's entry, heads, and its share of the question.
const OVERHEAD_BYTES: usize = 384;

impl Weighter<Key, Arc<Piece>> for ByBytes {
    fn weight(&self, key: &Key, piece: &Arc<Piece>) -> u64 {
        let parts: usize = piece.parts.iter().map(|part| part.len() + size_of::<Bytes>()).sum();
        let readings: usize = piece.readings.iter().map(|reading| size_of::<Reading>() + reading.keys.len() * 16).sum();
        (key.representation.len() + parts + readings + OVERHEAD_BYTES) as u64
    }
}
