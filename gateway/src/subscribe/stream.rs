//! One upstream and the clients that listen to it.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use indexmap::IndexMap;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::queue::ClientQueue;

#[derive(Default)]
struct Listeners {
    clients: HashMap<u64, Arc<ClientQueue>>,
    next_id: u64,
    /// The newest response of each key: what a newcomer gets first.
    newest: IndexMap<Arc<str>, Bytes>,
    ended: bool,
}

impl Listeners {
    fn add(&mut self, max_pending: usize) -> (u64, Arc<ClientQueue>) {
        let queue = Arc::new(ClientQueue::new(max_pending.max(self.newest.len())));
        for (key, response) in &self.newest {
            queue.push(Some(key), response.clone());
        }
        let id = self.next_id;
        self.next_id += 1;
        self.clients.insert(id, Arc::clone(&queue));
        (id, queue)
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
    pub(super) fn with_first_client(max_pending: usize) -> (Arc<Self>, u64, Arc<ClientQueue>) {
        let mut listeners = Listeners::default();
        let (id, queue) = listeners.add(max_pending);
        let stream = Self { listeners: Mutex::new(listeners), abandoned: CancellationToken::new() };
        (Arc::new(stream), id, queue)
    }

    /// Adds a client; `None` when the stream has ended already.
    pub(super) fn join(&self, max_pending: usize) -> Option<(u64, Arc<ClientQueue>)> {
        let mut listeners = self.listeners.lock();
        (!listeners.ended).then(|| listeners.add(max_pending))
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
        for queue in listeners.clients.values() {
            queue.push(key.as_ref(), response.clone());
        }
    }

    /// Ends the stream for every client.
    pub(super) fn end(&self) {
        let mut listeners = self.listeners.lock();
        listeners.ended = true;
        listeners.clients.values().for_each(|queue| queue.end());
    }
}
