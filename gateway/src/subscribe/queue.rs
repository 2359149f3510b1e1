//! What waits for one client.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;

use crate::error::{GraphqlError, GraphqlResponse};

enum Slot {
    Keyed(Arc<str>),
    Plain(Bytes),
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<Slot>,
    newest: HashMap<Arc<str>, Bytes>,
    ended: bool,
}

/// The responses that one client has not taken yet: of each key only the newest, in the order in which the keys
/// first came. Its size is bounded.
pub(super) struct ClientQueue {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
    max_pending: usize,
}

impl ClientQueue {
    pub(super) fn new(max_pending: usize) -> Self {
        Self { waiting: Mutex::default(), waker: AtomicWaker::new(), max_pending }
    }

    /// Adds a response. When there is no room, what waits is dropped for one error, which ends the stream.
    pub(super) fn push(&self, key: Option<&Arc<str>>, response: Bytes) {
        self.waiting.lock().push(key, response, self.max_pending);
        self.waker.wake();
    }

    /// Nothing follows; what waits is still delivered.
    pub(super) fn end(&self) {
        self.waiting.lock().ended = true;
        self.waker.wake();
    }

    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        // Registered before looking, so that a push in between wakes us.
        self.waker.register(context.waker());
        let mut waiting = self.waiting.lock();
        match waiting.order.pop_front() {
            Some(Slot::Plain(response)) => Poll::Ready(Some(response)),
            Some(Slot::Keyed(key)) => Poll::Ready(waiting.newest.remove(&key)),
            None if waiting.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Waiting {
    fn push(&mut self, key: Option<&Arc<str>>, response: Bytes, max_pending: usize) {
        if self.ended {
            return;
        }
        if let Some(older) = key.and_then(|key| self.newest.get_mut(key)) {
            *older = response;
            metrics::counter!("selvedge_subscription_conflated_total").increment(1);
            return;
        }
        if self.order.len() >= max_pending {
            self.overflow(max_pending);
            return;
        }
        match key {
            Some(key) => {
                self.newest.insert(Arc::clone(key), response);
                self.order.push_back(Slot::Keyed(Arc::clone(key)));
            }
            None => self.order.push_back(Slot::Plain(response)),
        }
    }

    fn overflow(&mut self, max_pending: usize) {
        metrics::counter!("selvedge_subscription_overflow_total").increment(1);
        let message = format!("the client is too slow: {max_pending} answers were waiting; subscribe again");
        let error = GraphqlResponse::from_errors(vec![GraphqlError::new("SUBSCRIPTION_OVERFLOW", message)]);
        self.newest.clear();
        self.order.clear();
        self.order.push_back(Slot::Plain(error.to_bytes()));
        self.ended = true;
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::poll_fn};

    use super::*;

    fn take(queue: &ClientQueue) -> Option<Option<String>> {
        let next = poll_fn(|context| queue.poll_next(context)).now_or_never();
        next.map(|response| response.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
    }

    #[test]
    fn of_each_key_only_the_newest_waits() {
        let queue = ClientQueue::new(2);
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        for (key, value) in [(&a, "a1"), (&b, "b1"), (&a, "a2"), (&a, "a3")] {
            queue.push(Some(key), Bytes::from_static(value.as_bytes()));
        }
        assert_eq!(take(&queue), Some(Some("a3".to_owned())));
        assert_eq!(take(&queue), Some(Some("b1".to_owned())));
        assert_eq!(take(&queue), None);
        queue.end();
        assert_eq!(take(&queue), Some(None));
    }

    #[test]
    fn without_room_the_client_gets_one_error_and_the_end() {
        let queue = ClientQueue::new(2);
        for _ in 0..5 {
            queue.push(None, Bytes::from_static(b"x"));
        }
        let error = take(&queue).unwrap().unwrap();
        assert!(error.contains("SUBSCRIPTION_OVERFLOW"), "{error}");
        assert_eq!(take(&queue), Some(None));
    }
}
