//! All keys of a feed, and what is to be done for them.

use std::{collections::VecDeque, sync::Arc};

use ahash::AHashMap;
use bytes::Bytes;
use serde_json::Value as Json;

use super::topic::{Topic, Value};
use crate::subscribe::{mailbox::Key, sink::Sink};

/// An event's response before other subgraphs have added to it.
pub(super) type Arrived = (Key, Option<i64>, Bytes);

/// Keys to ask for.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// Its number, counted from 1.
    pub(super) number: u64,
    pub(super) keys: Vec<(Key, Json)>,
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
    /// Keys to ask for.
    asked: VecDeque<Key>,
    next_listener: u64,
    /// How many snapshots have begun.
    snapshots: u64,
    pub(super) has_ended: bool,
}

impl State {
    /// Adds a client; the numbers to remove it with.
    pub(super) fn join(&mut self, sink: &Arc<Sink>, keys: Vec<(Json, Option<i64>)>) -> (u64, Box<[Key]>) {
        let id = self.next_listener;
        self.next_listener += 1;
        sink.allow(keys.len());
        let mut joined = Vec::with_capacity(keys.len());
        for (json, known) in keys {
            let text = super::event::key_text(&json);
            let key = match self.entries.get_key_value(&*text) {
                Some((key, _)) => Arc::clone(key),
                None => Arc::from(text),
            };
            if joined.contains(&key) {
                continue;
            }
            let entry = self.entries.entry(Arc::clone(&key)).or_insert_with(|| Entry {
                json,
                topic: Topic::default(),
                arrived: None,
            });
            entry.topic.add(id, Arc::clone(sink), (self.snapshots, known));
            ask(&mut self.asked, &key, &mut entry.topic);
            joined.push(key);
        }
        (id, joined.into_boxed_slice())
    }

    /// Removes a client; whether nobody listens any more.
    pub(super) fn leave(&mut self, id: u64, keys: &[Key]) -> bool {
        for key in keys {
            if self.entries.get_mut(key).is_some_and(|entry| entry.topic.remove(id)) {
                self.entries.remove(key);
            }
        }
        self.entries.is_empty()
    }

    /// Takes an event; whether there is something to do. Without `response`, what is true now must be asked for.
    pub(super) fn arrive(
        &mut self,
        key: &str,
        revision: Option<i64>,
        response: impl FnOnce() -> Option<Bytes>,
    ) -> bool {
        let Some((key, _)) = self.entries.get_key_value(key) else { return false };
        let key = Arc::clone(key);
        let Some(entry) = self.entries.get_mut(&key) else { return false };
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
                        self.events.push_back(key);
                    }
                }
            }
            None => {
                entry.topic.expected = entry.topic.expected.max(revision);
                ask(&mut self.asked, &key, &mut entry.topic);
            }
        }
        true
    }

    /// Asks for every key: something may have been missed, or what is asked has changed.
    pub(super) fn ask_all(&mut self, is_outdated: bool) {
        for (key, entry) in &mut self.entries {
            if is_outdated {
                entry.topic.outdate();
            }
            ask(&mut self.asked, key, &mut entry.topic);
        }
    }

    /// Asks for keys again.
    pub(super) fn ask_again<'k>(&mut self, keys: impl IntoIterator<Item = &'k Key>) {
        for key in keys {
            if let Some(entry) = self.entries.get_mut(key) {
                ask(&mut self.asked, key, &mut entry.topic);
            }
        }
    }

    /// The events that have come.
    pub(super) fn take_events(&mut self) -> Vec<Arrived> {
        let mut all = Vec::with_capacity(self.events.len());
        for key in std::mem::take(&mut self.events) {
            if let Some((revision, response)) = self.entries.get_mut(&key).and_then(|entry| entry.arrived.take()) {
                all.push((key, revision, response));
            }
        }
        all
    }

    /// At most `most` keys to ask for.
    pub(super) fn take_chunk(&mut self, most: usize) -> Option<Chunk> {
        let mut keys = Vec::new();
        while keys.len() < most
            && let Some(key) = self.asked.pop_front()
        {
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.topic.is_asked = false;
                keys.push((key, entry.json.clone()));
            }
        }
        if keys.is_empty() {
            return None;
        }
        self.snapshots += 1;
        Some(Chunk { number: self.snapshots, keys })
    }

    /// Gives a key's clients a value.
    pub(super) fn publish(&mut self, key: &Key, value: Value) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.topic.publish(key, value);
        }
    }

    /// A snapshot is answered; gives the keys whose answer is older than what an event has told.
    pub(super) fn answered(&mut self, chunk: &Chunk, revisions: &AHashMap<Key, Option<i64>>) -> Vec<Key> {
        let mut older = Vec::new();
        for (key, _) in &chunk.keys {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            let expected = entry.topic.expected;
            match revisions.get(key) {
                Some(revision) if revision.zip(expected).is_some_and(|(got, expected)| got < expected) => {
                    older.push(Arc::clone(key));
                    continue;
                }
                _ => entry.topic.expected = None,
            }
            entry.topic.answer(key, chunk.number);
        }
        older
    }

    /// A snapshot is refused: whoever waits for it is told.
    pub(super) fn refuse(&mut self, chunk: &Chunk, errors: &Bytes) {
        for (key, _) in &chunk.keys {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.topic.expected = None;
                entry.topic.refuse(chunk.number, errors);
                if entry.topic.is_empty() {
                    self.entries.remove(key);
                }
            }
        }
    }

    /// Ends the stream of everyone, after a last response.
    pub(super) fn end(&mut self, last: Option<&Bytes>) {
        self.has_ended = true;
        self.entries.drain().for_each(|(_, mut entry)| entry.topic.end(last));
    }
}

fn ask(asked: &mut VecDeque<Key>, key: &Key, topic: &mut Topic) {
    if !topic.is_asked {
        topic.is_asked = true;
        asked.push_back(Arc::clone(key));
    }
}
