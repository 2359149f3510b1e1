//! Keys that are asked for again after a while.

use std::{sync::Arc, time::Duration};

use ahash::AHashMap;
use futures::StreamExt;
use tokio_util::time::{DelayQueue, delay_queue};

use crate::subscribe::mailbox::Key;

/// Keys that are asked for again after a while, each once.
#[derive(Default)]
pub(super) struct Later {
    queue: DelayQueue<Key>,
    places: AHashMap<Key, delay_queue::Key>,
}

impl Later {
    /// Asks for a key again after a while; what was said of it before does not count any more.
    pub(super) fn put(&mut self, key: Key, after: Duration) {
        match self.places.get(&key) {
            Some(place) => self.queue.reset(place, after),
            None => {
                let place = self.queue.insert(Arc::clone(&key), after);
                self.places.insert(key, place);
            }
        }
    }

    /// Whether a key is there.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The next key whose time has come.
    pub(super) async fn next(&mut self) -> Option<Key> {
        let key = self.queue.next().await?.into_inner();
        self.places.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_put_again_comes_once_at_its_last_time() {
        let mut later = Later::default();
        let since = Instant::now();
        later.put("A".into(), Duration::from_secs(1));
        later.put("B".into(), Duration::from_secs(2));
        later.put("A".into(), Duration::from_secs(3));
        assert_eq!(later.next().await.as_deref(), Some("B"));
        assert_eq!(later.next().await.as_deref(), Some("A"));
        assert!(since.elapsed() >= Duration::from_secs(3) && later.is_empty());
    }
}
