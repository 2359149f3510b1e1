//! The subscriptions on one connection.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;

use super::{super::TransportError, buffer::Buffer};

/// What the holder of a subscription tells the task of its connection.
pub(super) enum Command {
    /// Start it.
    Start {
        /// Greater than that of any before it.
        id: u64,
        start: Start,
    },
    /// Its holder is gone.
    End { id: u64 },
}

/// What is started, and for whom.
pub(super) struct Start {
    /// The GraphQL request, in JSON.
    pub(super) body: Bytes,
    /// Tells it from others, whichever request of a client it belongs to.
    pub(super) fingerprint: u64,
    pub(super) buffer: Arc<Buffer>,
}

struct Operation {
    buffer: Arc<Buffer>,
    fingerprint: u64,
    /// Until it is started.
    body: Option<Bytes>,
    was_answered: bool,
}

/// The subscriptions on one connection, some of which wait to be started.
#[derive(Default)]
pub(super) struct Operations {
    by_id: HashMap<u64, Operation>,
    waiting: VecDeque<u64>,
    /// The greatest id that the subgraph knows.
    last_started: u64,
}

impl Operations {
    pub(super) fn add(&mut self, id: u64, Start { body, fingerprint, buffer }: Start) {
        self.by_id.insert(id, Operation { buffer, fingerprint, body: Some(body), was_answered: false });
        self.waiting.push_back(id);
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether some wait to be started.
    pub(super) fn has_waiting(&mut self) -> bool {
        // Those that ended while they waited.
        while self.waiting.front().is_some_and(|id| !self.by_id.contains_key(id)) {
            self.waiting.pop_front();
        }
        !self.waiting.is_empty()
    }

    /// Starts the one that waits longest.
    pub(super) fn start_next(&mut self) -> Option<(u64, Bytes)> {
        loop {
            let id = self.waiting.pop_front()?;
            if let Some(body) = self.by_id.get_mut(&id).and_then(|operation| operation.body.take()) {
                self.last_started = id;
                return Some((id, body));
            }
        }
    }

    /// Whether the subgraph was ever told of `id`.
    pub(super) const fn was_started(&self, id: u64) -> bool {
        id != 0 && id <= self.last_started
    }

    /// Where the events of `id` go to; `None` when it has ended.
    pub(super) fn answered(&mut self, id: u64) -> Option<&Arc<Buffer>> {
        let operation = self.by_id.get_mut(&id)?;
        operation.was_answered = true;
        Some(&operation.buffer)
    }

    /// Ends `id`; whether the subgraph knew it. `None` when it had ended before.
    pub(super) fn remove(&mut self, id: u64, end: Result<(), TransportError>) -> Option<bool> {
        let operation = self.by_id.remove(&id)?;
        operation.buffer.finish(end);
        Some(operation.body.is_none())
    }

    /// Some that are on the connection.
    pub(super) fn some(&self, count: usize) -> Vec<u64> {
        self.by_id.keys().copied().take(count).collect()
    }

    /// The requests that were started and not answered.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = u64> {
        let started = self.by_id.values().filter(|operation| operation.body.is_none() && !operation.was_answered);
        started.map(|operation| operation.fingerprint)
    }

    /// Ends all.
    pub(super) fn end_all(&mut self, error: &TransportError) {
        for (_, operation) in self.by_id.drain() {
            operation.buffer.finish(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(id: u64) -> Start {
        Start { body: Bytes::from(id.to_string()), fingerprint: id, buffer: Arc::new(Buffer::new(1, 1)) }
    }

    #[test]
    fn they_start_in_order_and_one_that_ended_before_never_does() {
        let mut operations = Operations::default();
        for id in 1..=3 {
            operations.add(id, start(id));
        }
        assert_eq!(operations.remove(2, Ok(())), Some(false));
        assert_eq!(operations.start_next(), Some((1, Bytes::from_static(b"1"))));
        assert!(operations.was_started(1) && !operations.was_started(3) && !operations.was_started(0));
        assert_eq!(operations.start_next(), Some((3, Bytes::from_static(b"3"))));
        assert!(!operations.has_waiting());
        assert_eq!((operations.remove(3, Ok(())), operations.remove(3, Ok(()))), (Some(true), None));
        assert!(operations.was_started(3) && operations.answered(3).is_none());
    }

    #[test]
    fn those_that_were_not_answered_are_known() {
        let mut operations = Operations::default();
        for id in 1..=3 {
            operations.add(id, start(id));
        }
        operations.start_next();
        operations.start_next();
        operations.answered(1).unwrap();
        assert_eq!(operations.unanswered().collect::<Vec<_>>(), [2]);
    }
}
