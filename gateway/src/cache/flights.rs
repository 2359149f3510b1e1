//! Who asks for what at the moment, so that others who want the same wait for it.

use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashTable;
use parking_lot::Mutex;
use quick_cache::Equivalent;
use tokio::sync::watch;

use super::piece::{Key, KeyRef, Piece, Question};

/// How a fetch ended for one of its representations.
#[derive(Debug, Clone)]
pub(super) enum Landing {
    /// With something that may be kept by those to whom the question's partition belongs.
    Piece(Arc<Question>, Arc<Piece>),
    /// With nothing that others could use: each has to ask on their own.
    Nothing,
}

/// All landings of one fetch, in the order in which it asked; `None` while it is under way.
type Landed = Option<Arc<[Landing]>>;

#[derive(Debug, Clone)]
struct Flight {
    landed: watch::Receiver<Landed>,
    /// Which of its landings is meant.
    index: usize,
}

/// Flights by their keys.
#[derive(Debug, Default)]
struct ByKey {
    flights: HashTable<(Key, Flight)>,
    /// Unpredictable for clients.
    hasher: RandomState,
}

impl ByKey {
    fn get(&self, key: &KeyRef<'_>) -> Option<&Flight> {
        let found = self.flights.find(self.hasher.hash_one(key), |(known, _)| key.equivalent(known));
        found.map(|(_, flight)| flight)
    }

    fn insert(&mut self, key: Key, flight: Flight) {
        let hasher = &self.hasher;
        self.flights.insert_unique(hasher.hash_one(&key), (key, flight), |(known, _)| hasher.hash_one(known));
    }

    fn remove(&mut self, key: &Key) {
        if let Ok(entry) = self.flights.find_entry(self.hasher.hash_one(key), |(known, _)| known == key) {
            entry.remove();
        }
    }
}

/// All fetches under way.
#[derive(Debug, Default)]
pub(super) struct Flights {
    by_key: Arc<Mutex<ByKey>>,
}

/// Waits for the fetch of someone else.
#[derive(Debug)]
pub(super) struct Follower(Flight);

impl Follower {
    /// How it ended; `None` when whoever asked has gone away.
    ///
    /// # Cancellation
    ///
    /// Nobody else notices.
    pub(super) async fn landing(mut self) -> Option<Landing> {
        let landed = self.0.landed.wait_for(Option::is_some).await.ok()?;
        landed.as_ref()?.get(self.0.index).cloned()
    }
}

/// The fetch of someone whom others may wait for. When it is dropped without having landed, they know.
#[derive(Debug)]
pub(super) struct Leader {
    by_key: Arc<Mutex<ByKey>>,
    keys: Vec<Key>,
    landed: watch::Sender<Landed>,
}

impl Flights {
    /// Begins to collect what one fetch will ask for.
    pub(super) fn leader(&self) -> Leader {
        Leader { by_key: Arc::clone(&self.by_key), keys: Vec::new(), landed: watch::Sender::new(None) }
    }
}

impl Leader {
    /// Waits for whoever asks for `key` already, or else asks for it: then the answer is `None`. `look` is called before
    /// that, as someone may have landed just now; what it finds is the answer.
    pub(super) fn join_or_lead<T>(&mut self, key: &KeyRef<'_>, look: impl FnOnce() -> Option<T>) -> Joined<T> {
        let mut by_key = self.by_key.lock();
        if let Some(flight) = by_key.get(key) {
            return Joined::Follows(Follower(flight.clone()));
        }
        if let Some(found) = look() {
            return Joined::Found(found);
        }
        let key = key.to_key();
        by_key.insert(key.clone(), Flight { landed: self.landed.subscribe(), index: self.keys.len() });
        self.keys.push(key);
        Joined::Leads
    }

    /// How many representations are asked for.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Tells everyone who waits. What can be found in the store is there already.
    pub(super) fn land(self, landings: Vec<Landing>) {
        self.landed.send_replace(Some(landings.into()));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut by_key = self.by_key.lock();
        for key in &self.keys {
            by_key.remove(key);
        }
    }
}

/// What became of a wish.
#[derive(Debug)]
pub(super) enum Joined<T> {
    /// It was there.
    Found(T),
    /// Someone else asks for it.
    Follows(Follower),
    /// Whoever wished asks for it.
    Leads,
}
