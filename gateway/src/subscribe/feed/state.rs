//! All keys of a feed, and what is to be done for them.

use std::{collections::VecDeque, sync::Arc};

use ahash::AHashMap;
use bytes::Bytes;
use serde_json::Value as Json;

use super::{
    topic::{Joining, Told, Topic, Value},
    trouble::Trouble,
};
use crate::subscribe::{mailbox::Key, marks::Marks, routes::key_text, sink::Sink};

/// An event's response before other subgraphs have added to it.
pub(super) type Arrived = (Key, Option<i64>, Bytes);

/// Keys to ask for.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// Its number, counted from 1.
    pub(super) number: u64,
    /// How often the plan had changed.
    pub(super) generation: u64,
    pub(super) keys: Vec<(Key, Json)>,
}

/// Keys to ask for again.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// What was answered is older than what an event has told.
    pub(super) older: Vec<Key>,
    /// Because of errors there was no answer.
    pub(super) lost: Vec<Key>,
}

struct Entry {
    /// The key as JSON.
    json: Json,
    topic: Topic,
    /// The newest event that has not been resolved.
    arrived: Option<(Option<i64>, Bytes)>,
}

/// All keys of a feed.
#[derive(Default)]
pub(super) struct State {
    entries: AHashMap<Key, Entry>,
    /// Keys with an event.
    events: VecDeque<Key>,
    queue: Queue,
    clients: usize,
    next_client: u64,
    /// How many snapshots have begun.
    snapshots: u64,
    /// How often the plan has changed.
    generation: u64,
    pub(super) has_ended: bool,
    /// Keys that somebody listens to, or nobody any more, and whose events are to be routed so.
    pub(super) changed: Changed,
}

/// Keys whose events a feed wants from now on, and those whose events it does not want any more.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) added: Vec<Key>,
    pub(super) removed: Vec<Key>,
}

/// Keys to ask for: those that newcomers wait for before all others.
#[derive(Default)]
struct Queue {
    first: VecDeque<Key>,
    then: VecDeque<Key>,
}

impl Queue {
    fn ask(&mut self, topic: &mut Topic) {
        if !topic.is_asked {
            topic.is_asked = true;
            let queue = if topic.has_newcomers() { &mut self.first } else { &mut self.then };
            queue.push_back(Arc::clone(topic.key()));
        }
    }

    fn next(&mut self) -> Option<Key> {
        self.first.pop_front().or_else(|| self.then.pop_front())
    }
}

impl State {
    /// Adds a client; the numbers to remove it with.
    pub(super) fn join(&mut self, sink: &Arc<Sink>, keys: Vec<(Json, Option<i64>)>) -> (u64, Box<[Key]>) {
        let id = self.next_client;
        self.next_client += 1;
        self.clients += 1;
        // A value and an error of each.
        sink.allow(2 * keys.len());
        let (joined, known): (Vec<Key>, Vec<Option<i64>>) =
            keys.into_iter().map(|(json, known)| (self.enter(json), known)).unzip();
        let marks = sink.throttled().is_none().then(|| {
            let entries = joined.iter().filter_map(|key| self.entries.get(key));
            Marks::new(entries.map(|entry| Arc::clone(entry.topic.newest())))
        });
        let joining = Joining { id, sink, marks: marks.as_ref(), snapshots: self.snapshots };
        for ((number, key), known) in (0..).zip(&joined).zip(known) {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.topic.add(&joining, number, known);
                self.queue.ask(&mut entry.topic);
            }
        }
        (id, joined.into_boxed_slice())
    }

    /// A key that somebody listens to, as mailboxes know it.
    fn enter(&mut self, json: Json) -> Key {
        let key: Key = key_text(&json).into();
        let entry = self.entries.entry(Arc::clone(&key)).or_insert_with(|| {
            self.changed.added.push(Arc::clone(&key));
            Entry { json, topic: Topic::new(key), arrived: None }
        });
        Arc::clone(entry.topic.key())
    }

    /// Removes a client; whether nobody listens any more.
    pub(super) fn leave(&mut self, id: u64, keys: &[Key]) -> bool {
        for key in keys {
            if self.entries.get_mut(key).is_some_and(|entry| entry.topic.remove(id)) {
                self.entries.remove(key);
                self.changed.removed.push(Arc::clone(key));
            }
        }
        self.clients = self.clients.saturating_sub(1);
        self.clients == 0
    }

    /// Takes an event; whether there is something to do. Without `response`, what is true now must be asked for.
    pub(super) fn arrive(
        &mut self,
        key: &str,
        revision: Option<i64>,
        response: impl FnOnce() -> Option<Bytes>,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        if !entry.topic.is_news(revision) {
            return false;
        }
        match response() {
            Some(response) => {
                let is_newer = |older: &Option<i64>| revision.zip(*older).is_none_or(|(new, older)| new > older);
                match &mut entry.arrived {
                    Some(older) if is_newer(&older.0) => *older = (revision, response),
                    Some(_) => return false,
                    None => {
                        entry.arrived = Some((revision, response));
                        self.events.push_back(Arc::clone(entry.topic.key()));
                    }
                }
            }
            None => {
                entry.topic.expect(revision);
                self.queue.ask(&mut entry.topic);
            }
        }
        true
    }

    /// All keys that somebody listens to.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.entries.keys().map(Arc::clone).collect()
    }

    /// Asks for every key: something may have been missed.
    pub(super) fn ask_all(&mut self) {
        for entry in self.entries.values_mut() {
            self.queue.ask(&mut entry.topic);
        }
    }

    /// What is asked of each key is another: what came before, or is under way, is not the answer.
    pub(super) fn outdate(&mut self) {
        self.generation += 1;
        for entry in self.entries.values_mut() {
            entry.topic.outdate();
            entry.arrived = None;
            self.queue.ask(&mut entry.topic);
        }
    }

    /// Asks for a key again.
    pub(super) fn ask_again(&mut self, key: &Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.queue.ask(&mut entry.topic);
        }
    }

    /// At most `most` events that have come.
    pub(super) fn take_events(&mut self, most: usize) -> (u64, Vec<Arrived>) {
        let mut all = Vec::with_capacity(self.events.len().min(most));
        while all.len() < most
            && let Some(key) = self.events.pop_front()
        {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            if let Some((revision, response)) = entry.arrived.take() {
                all.push((key, revision, response));
            }
        }
        (self.generation, all)
    }

    /// At most `most` keys to ask for.
    pub(super) fn take_chunk(&mut self, most: usize) -> Option<Chunk> {
        let mut keys = Vec::new();
        while keys.len() < most
            && let Some(key) = self.queue.next()
        {
            // It may have left, and come again, since it was put there.
            let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.topic.is_asked) else { continue };
            entry.topic.is_asked = false;
            keys.push((key, entry.json.clone()));
        }
        if keys.is_empty() {
            return None;
        }
        self.snapshots += 1;
        Some(Chunk { number: self.snapshots, generation: self.generation, keys })
    }

    /// A part of a chunk that was refused, without the keys that nobody waits for any more.
    pub(super) fn still_wanted(&self, mut chunk: Chunk) -> Option<Chunk> {
        chunk.keys.retain(|(key, _)| self.entries.get(key).is_some_and(|entry| entry.topic.is_wanted()));
        (!chunk.keys.is_empty()).then_some(chunk)
    }

    /// Gives a key's clients a value, unless it was made for another plan.
    pub(super) fn publish(&mut self, generation: u64, key: &Key, value: Value) {
        if generation == self.generation
            && let Some(entry) = self.entries.get_mut(key)
        {
            entry.topic.publish(value);
        }
    }

    /// A snapshot is answered.
    pub(super) fn answered(
        &mut self,
        chunk: &Chunk,
        revisions: &AHashMap<Key, Option<i64>>,
        trouble: &Trouble,
    ) -> Again {
        let (mut again, mut told, mut ailing) = (Again::default(), Told::default(), Vec::new());
        for (key, _) in &chunk.keys {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            // Made for another plan, it is asked for already.
            if chunk.generation != self.generation {
                continue;
            }
            let topic = &mut entry.topic;
            if trouble.has_lost(key) {
                again.lost.push(Arc::clone(key));
            } else if topic.is_older(revisions.get(key).copied()) {
                again.older.push(Arc::clone(key));
            } else {
                topic.answer(chunk.number);
            }
            match trouble.of(key) {
                Some(errors) => ailing.push((key, errors)),
                None => topic.has_no_errors(),
            }
        }
        // Behind all values.
        for (key, errors) in ailing {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.topic.tell(chunk.number, errors, &mut told);
            }
        }
        again
    }

    /// A key is to be asked for again because of errors; how often in a row it was so by now.
    pub(super) fn lose(&mut self, key: &Key) -> u32 {
        self.entries.get_mut(key).map_or(1, |entry| entry.topic.lose())
    }

    /// A snapshot is refused: whoever waits for it is told. Gives the keys that others listen to.
    pub(super) fn refuse(&mut self, chunk: &Chunk, errors: &Bytes) -> Vec<Key> {
        let mut left = Vec::new();
        for (key, _) in &chunk.keys {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            if entry.topic.refuse(chunk.number, errors) {
                left.push(Arc::clone(key));
            }
            if entry.topic.is_empty() {
                self.entries.remove(key);
                self.changed.removed.push(Arc::clone(key));
            }
        }
        left
    }

    /// How many snapshots have begun.
    pub(super) const fn snapshots(&self) -> u64 {
        self.snapshots
    }

    /// Ends the stream of everyone, after a last response.
    pub(super) fn end(&mut self, last: Option<&Bytes>) {
        self.has_ended = true;
        for (key, mut entry) in self.entries.drain() {
            entry.topic.end(last);
            self.changed.removed.push(key);
        }
    }
}
