//! Who is to be told when something that they have read is no longer true.
//!
//! What an event names leads to those who have read it, by the same rules by which `marks` judges: by entity, by type
//! where an answer shows no key, and by the key fields that it shows where the event names others.

use std::{
    hash::Hash,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use ahash::{AHashMap, AHashSet};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    AnswerCache, Reads,
    answers::{Attention, Inner},
    marks::Marks,
    reads::{Noted, Read},
    tag::Reading,
};

/// What is known of an answer that was just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing that it has read has changed; whoever watches is told when something does.
    True,
    /// Something has changed already.
    Changed,
    /// Nobody tells the changes of some of it, at the moment or at all.
    Unheard,
}

#[derive(Default)]
struct Signal {
    is_changed: AtomicBool,
    notify: Notify,
}

impl Signal {
    fn tell(&self) {
        self.is_changed.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

/// Those who have read something of one type.
#[derive(Default)]
struct OfType {
    /// All, with how many of their readings.
    all: AHashMap<u64, usize>,
    /// Those that show these key fields; none is for answers that show no key.
    by_fields: AHashMap<Box<[u64]>, AHashMap<u64, usize>>,
}

#[derive(Default)]
struct Index {
    signals: AHashMap<u64, Arc<Signal>>,
    /// Entity → watcher → the least revision that it was shown, if each reading shows one.
    entities: AHashMap<u64, AHashMap<u64, Option<i64>>>,
    types: AHashMap<u64, OfType>,
    floors: AHashMap<u64, AHashSet<u64>>,
}

/// All who watch.
#[derive(Default)]
pub(super) struct Watchers {
    index: Mutex<Index>,
    next: AtomicU64,
}

impl Watchers {
    /// Tells who has read what `readings` name. To be called when the marks say so already.
    pub(super) fn tell(&self, readings: &[Reading]) {
        let index = self.index.lock();
        if index.signals.is_empty() {
            return;
        }
        let mut found = AHashSet::new();
        readings.iter().for_each(|reading| index.find(reading, &mut found));
        index.tell(found.iter());
    }

    /// Tells who has read anything of these types.
    pub(super) fn tell_types(&self, types: &[u64]) {
        let index = self.index.lock();
        let of_type = types.iter().filter_map(|ty| index.types.get(ty));
        index.tell(of_type.flat_map(|of_type| of_type.all.keys()));
    }

    /// Tells whose floor was raised.
    pub(super) fn tell_floor(&self, floor: u64) {
        let index = self.index.lock();
        index.tell(index.floors.get(&floor).into_iter().flatten());
    }

    /// Tells everyone.
    pub(super) fn tell_all(&self) {
        self.index.lock().signals.values().for_each(|signal| signal.tell());
    }
}

impl Index {
    fn tell<'w>(&self, watchers: impl Iterator<Item = &'w u64>) {
        watchers.filter_map(|watcher| self.signals.get(watcher)).for_each(|signal| signal.tell());
    }

    fn find(&self, event: &Reading, found: &mut AHashSet<u64>) {
        let Some(of_type) = self.types.get(&event.typename) else { return };
        if event.keys.is_empty() {
            found.extend(of_type.all.keys());
            return;
        }
        let names = |field: &u64| event.keys.iter().any(|(named, _)| named == field);
        let unseen = of_type.by_fields.iter().filter(|(fields, _)| !fields.iter().any(names));
        found.extend(unseen.flat_map(|(_, watchers)| watchers.keys()));
        for watchers in event.keys.iter().filter_map(|(_, entity)| self.entities.get(entity)) {
            let is_older = |shown: Option<i64>| shown.zip(event.revision).is_none_or(|(shown, told)| shown < told);
            found.extend(watchers.iter().filter(|(_, shown)| is_older(**shown)).map(|(watcher, _)| watcher));
        }
    }

    fn add(&mut self, watcher: u64, read: &Read) {
        self.floors.entry(read.floor).or_default().insert(watcher);
        for reading in &*read.readings {
            let of_type = self.types.entry(reading.typename).or_default();
            *of_type.all.entry(watcher).or_default() += 1;
            let fields: Box<[u64]> = reading.keys.iter().map(|(field, _)| *field).collect();
            *of_type.by_fields.entry(fields).or_default().entry(watcher).or_default() += 1;
            for (_, entity) in &reading.keys {
                let shown = self.entities.entry(*entity).or_default().entry(watcher).or_insert(reading.revision);
                *shown = shown.zip(reading.revision).map(|(one, other)| one.min(other));
            }
        }
    }

    fn remove(&mut self, watcher: u64, read: &Read) {
        remove_from(&mut self.floors, &read.floor, |watchers| {
            watchers.remove(&watcher);
            watchers.is_empty()
        });
        for reading in &*read.readings {
            if let Some(of_type) = self.types.get_mut(&reading.typename) {
                let fields: Box<[u64]> = reading.keys.iter().map(|(field, _)| *field).collect();
                remove_from(&mut of_type.by_fields, &fields, |all| uncount(all, watcher));
                if uncount(&mut of_type.all, watcher) {
                    self.types.remove(&reading.typename);
                }
            }
            for (_, entity) in &reading.keys {
                remove_from(&mut self.entities, entity, |all| {
                    all.remove(&watcher);
                    all.is_empty()
                });
            }
        }
    }
}

/// Removes something from what is under `key`, and that too when `remove` says that it is empty now.
fn remove_from<K: Hash + Eq, V>(all: &mut AHashMap<K, V>, key: &K, remove: impl FnOnce(&mut V) -> bool) {
    if all.get_mut(key).is_some_and(remove) {
        all.remove(key);
    }
}

/// Counts one less; whether none is counted any more.
fn uncount(counts: &mut AHashMap<u64, usize>, watcher: u64) -> bool {
    if let Some(count) = counts.get_mut(&watcher) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&watcher);
        }
    }
    counts.is_empty()
}

/// One who watches what they have read; dropping it ends that.
pub struct Watch {
    cache: Weak<Inner>,
    number: u64,
    signal: Arc<Signal>,
    reads: Vec<Read>,
}

impl AnswerCache {
    /// A new watch, of nothing so far.
    #[must_use]
    pub fn watch_reads(&self) -> Watch {
        let number = self.0.watchers.next.fetch_add(1, Ordering::Relaxed);
        let signal = Arc::<Signal>::default();
        self.0.watchers.index.lock().signals.insert(number, Arc::clone(&signal));
        Watch { cache: Arc::downgrade(&self.0), number, signal, reads: Vec::new() }
    }
}

impl Watch {
    /// Begins to read anew. Until what is read is watched, what is returned is to be held.
    #[must_use]
    pub fn begin(&self) -> Option<Attention> {
        self.cache.upgrade().map(|inner| AnswerCache(inner).pay_attention())
    }

    /// Watches `reads` from now on, instead of what was read before.
    pub fn renew(&mut self, reads: Reads) -> Standing {
        let Some(cache) = self.cache.upgrade() else { return Standing::Unheard };
        let Noted { reads, is_blind, .. } = reads.take();
        {
            let mut index = cache.watchers.index.lock();
            self.reads.iter().for_each(|read| index.remove(self.number, read));
            reads.iter().for_each(|read| index.add(self.number, read));
        }
        self.reads = reads;
        // What was told before was of what was read before. Only then the marks: whatever is evicted from here on is told
        // again, and whatever was evicted earlier is seen there.
        self.signal.is_changed.store(false, Ordering::SeqCst);
        let marks = cache.marks.read();
        if is_blind || self.reads.iter().any(|read| marks.is_blocked(&read.readings)) {
            return Standing::Unheard;
        }
        let is_true = |read: &Read| is_true(&marks, read);
        if self.reads.iter().all(is_true) { Standing::True } else { Standing::Changed }
    }

    /// Waits until something that was read has changed.
    pub async fn changed(&self) {
        while !self.signal.is_changed.load(Ordering::Acquire) {
            self.signal.notify.notified().await;
        }
    }
}

fn is_true(marks: &Marks, read: &Read) -> bool {
    marks.is_true(read.began, &read.readings) && marks.is_above_floor(read.began, read.floor)
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(cache) = self.cache.upgrade() else { return };
        let mut index = cache.watchers.index.lock();
        index.signals.remove(&self.number);
        self.reads.iter().for_each(|read| index.remove(self.number, read));
    }
}
