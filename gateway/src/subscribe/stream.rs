//! One upstream and the clients that listen to it.

use std::sync::Arc;

use ahash::AHashMap;
use bytes::Bytes;
use indexmap::IndexMap;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::{mailbox::Key, sink::Sink};

#[derive(Default)]
struct Listeners {
    clients: AHashMap<u64, Arc<Sink>>,
    next_id: u64,
    /// The newest response of each key: what a newcomer gets first.
    newest: IndexMap<Key, Bytes>,
    ended: bool,
}

impl Listeners {
    fn add(&mut self, sink: Arc<Sink>) -> u64 {
        sink.allow(self.newest.len());
        for (key, response) in &self.newest {
            sink.push(Some(key), response.clone());
        }
        let id = self.next_id;
        self.next_id += 1;
        self.clients.insert(id, sink);
        id
    }
}

/// A stream that many clients share. Everything happens under one lock, so that a newcomer's first values and the
/// events that follow have no gap and no overlap.
pub(super) struct SharedStream {
    listeners: Mutex<Listeners>,
    /// Cancelled when nobody listens any more.
    pub(super) abandoned: CancellationToken,
}

impl SharedStream {
    /// A new stream and its first client.
    pub(super) fn with_first_client(sink: Arc<Sink>) -> (Arc<Self>, u64) {
        let mut listeners = Listeners::default();
        let id = listeners.add(sink);
        (Arc::new(Self { listeners: Mutex::new(listeners), abandoned: CancellationToken::new() }), id)
    }

    /// Adds a client; `None` when the stream has ended already.
    pub(super) fn join(&self, sink: &Arc<Sink>) -> Option<u64> {
        let mut listeners = self.listeners.lock();
        (!listeners.ended).then(|| listeners.add(Arc::clone(sink)))
    }

    /// Removes a client; whether it was the last.
    pub(super) fn leave(&self, id: u64) -> bool {
        let mut listeners = self.listeners.lock();
        listeners.clients.remove(&id);
        listeners.clients.is_empty()
    }

    /// Gives every client a response. What repeats the newest one of its key is dropped: an upstream that connects
    /// again begins with the current values.
    pub(super) fn publish(&self, key: Option<Box<str>>, response: &Bytes) {
        let mut listeners = self.listeners.lock();
        let key = key.map(|key| match listeners.newest.get_key_value(&*key) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(key),
        });
        if let Some(key) = &key {
            let before = listeners.newest.insert(Arc::clone(key), response.clone());
            if before.as_ref() == Some(response) {
                return;
            }
        }
        for sink in listeners.clients.values() {
            sink.push(key.as_ref(), response.clone());
        }
    }

    /// Ends the stream for every client.
    pub(super) fn end(&self) {
        let mut listeners = self.listeners.lock();
        listeners.ended = true;
        listeners.clients.values().for_each(|sink| sink.end());
    }
}
