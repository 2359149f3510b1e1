//! Gives a client at most one value of a key in a while. One task wakes for all clients.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use ahash::AHashMap;
use bytes::Bytes;
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::time::DelayQueue;

use super::{mailbox::Key, sink::Sink};

struct Due {
    sink: Weak<Sink>,
    key: Key,
    after: Duration,
}

/// The task that gives out what had to wait; it starts with the first that waits.
#[derive(Default)]
pub(super) struct Throttle {
    task: Arc<Mutex<Option<mpsc::UnboundedSender<Due>>>>,
}

/// What one subscription holds back.
pub(super) struct Throttled {
    interval: Duration,
    keys: Mutex<AHashMap<usize, OfKey>>,
    task: Arc<Mutex<Option<mpsc::UnboundedSender<Due>>>>,
}

struct OfKey {
    last: Instant,
    /// The newest value that has not been given.
    held: Option<(Key, Bytes)>,
}

impl Throttle {
    /// For one subscription.
    pub(super) fn every(&self, interval: Duration) -> Throttled {
        Throttled { interval, keys: Mutex::default(), task: Arc::clone(&self.task) }
    }
}

impl Throttled {
    /// Gives a value now, or when its time has come.
    pub(super) fn push(&self, sink: &Arc<Sink>, key: &Key, response: Bytes) {
        let now = Instant::now();
        let mut keys = self.keys.lock();
        // What is given is put under the lock, so that nothing older comes after it.
        let Some(of_key) = keys.get_mut(&address(key)) else {
            keys.insert(address(key), OfKey { last: now, held: None });
            return sink.put(Some(key), response);
        };
        let since = now.saturating_duration_since(of_key.last);
        if since >= self.interval && of_key.held.is_none() {
            of_key.last = now;
            return sink.put(Some(key), response);
        }
        let waits_already = of_key.held.replace((Arc::clone(key), response)).is_some();
        drop(keys);
        if !waits_already {
            let after = self.interval.saturating_sub(since);
            self.wake(Due { sink: Arc::downgrade(sink), key: Arc::clone(key), after });
        }
    }

    /// Gives what is held of a key.
    fn give(&self, sink: &Sink, key: &Key) {
        let mut keys = self.keys.lock();
        let held = keys.get_mut(&address(key)).and_then(|of_key| {
            of_key.last = Instant::now();
            of_key.held.take()
        });
        if let (Some((key, response)), false) = (held, sink.is_over()) {
            sink.put(Some(&key), response);
        }
    }

    /// Gives everything that is held.
    pub(super) fn flush(&self, sink: &Sink) {
        let mut keys = self.keys.lock();
        for (key, response) in keys.values_mut().filter_map(|of_key| of_key.held.take()) {
            sink.put(Some(&key), response);
        }
    }

    fn wake(&self, due: Due) {
        let mut task = self.task.lock();
        let sender = task.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(give_out(receiver));
            sender
        });
        // The task ends with the hub alone.
        let _ = sender.send(due);
    }
}

fn address(key: &Key) -> usize {
    Arc::as_ptr(key).cast::<u8>().addr()
}

/// Waits for all at once, until the hub is gone.
async fn give_out(mut receiver: mpsc::UnboundedReceiver<Due>) {
    let mut waiting: DelayQueue<Due> = DelayQueue::new();
    loop {
        tokio::select! {
            due = receiver.recv() => match due {
                Some(due) => {
                    let after = due.after;
                    waiting.insert(due, after);
                }
                None => return,
            },
            Some(expired) = waiting.next(), if !waiting.is_empty() => {
                let Due { sink, key, .. } = expired.into_inner();
                if let Some(sink) = sink.upgrade()
                    && let Some(throttled) = sink.throttled()
                {
                    throttled.give(&sink, &key);
                }
            }
        }
    }
}
