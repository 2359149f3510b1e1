//! What waits for one client's connection, for all subscriptions that it has there.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use ahash::AHashMap;
use bytes::Bytes;
use futures::task::AtomicWaker;
use metrics::Counter;
use parking_lot::Mutex;

use super::marks::Marks;
use crate::error::{GraphqlError, GraphqlResponse};

/// Above so many entries what a mailbox holds is given back when it is empty.
const KEPT_ENTRIES: usize = 16;

/// A subscription within its mailbox.
pub type SubscriptionId = u32;

/// The key of a value; one allocation for all clients, so that its address tells it apart.
pub(super) type Key = Arc<str>;

/// What a subscription has for its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An encoded response.
    Next(Bytes),
    /// Nothing follows.
    End,
}

#[derive(Debug)]
enum Slot {
    Keyed(Key),
    /// The newest of keys, whatever that is when it is taken; it stays until a turn of them is over.
    Marks(Arc<Marks>),
    Plain(Bytes),
    End,
}

type NewestKey = (SubscriptionId, usize);

#[derive(Default)]
struct Waiting {
    order: VecDeque<(SubscriptionId, Slot)>,
    newest: AHashMap<NewestKey, Bytes>,
    /// How many responses wait for a subscription.
    counts: AHashMap<SubscriptionId, usize>,
}

/// The responses that a client has not taken yet: of each subscription and key only the newest, in the order in which
/// they first came. An empty one owns nothing on the heap.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

fn address(key: &Key) -> usize {
    Arc::as_ptr(key).cast::<u8>().addr()
}

/// Counts values that took the place of others which nobody had taken.
pub(super) fn count_conflated(count: u64) {
    static CONFLATED: OnceLock<Counter> = OnceLock::new();
    CONFLATED.get_or_init(|| metrics::counter!("selvedge_subscription_conflated_total")).increment(count);
}

impl Mailbox {
    /// Adds a response; whether there was room. When there was none, what waits for the subscription is dropped for one
    /// error and the end.
    pub(super) fn push(&self, id: SubscriptionId, key: Option<&Key>, response: Bytes, max_pending: usize) -> bool {
        let had_room = self.waiting.lock().push(id, key, response, max_pending);
        self.waker.wake();
        had_room
    }

    /// Adds a response that follows from the one before it of its key, `step`; where that was not taken yet, `whole`
    /// takes its place. Whether there was room, as [`Self::push`].
    pub(super) fn push_step(
        &self,
        id: SubscriptionId,
        key: &Key,
        (step, whole): (Option<&Bytes>, &Bytes),
        max_pending: usize,
    ) -> bool {
        let had_room = {
            let mut waiting = self.waiting.lock();
            let waits = waiting.newest.contains_key(&(id, address(key)));
            let response = step.filter(|_| !waits).unwrap_or(whole);
            waiting.push(id, Some(key), response.clone(), max_pending)
        };
        self.waker.wake();
        had_room
    }

    /// Adds the newest values of keys, which are looked up when they are taken. There is room for all keys.
    pub(super) fn push_marks(&self, id: SubscriptionId, marks: &Arc<Marks>) {
        self.waiting.lock().order.push_back((id, Slot::Marks(Arc::clone(marks))));
        self.waker.wake();
    }

    /// Nothing follows for a subscription; what waits is still delivered.
    pub(super) fn end(&self, id: SubscriptionId) {
        self.waiting.lock().order.push_back((id, Slot::End));
        self.waker.wake();
    }

    /// Drops what waits for a subscription.
    pub(super) fn forget(&self, id: SubscriptionId) {
        self.waiting.lock().forget(id);
    }

    /// The next response of any subscription.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<(SubscriptionId, Delivery)> {
        // Registered before looking, so that a push in between wakes us.
        self.waker.register(context.waker());
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    /// The next response, if there is one; nobody is woken for a later one.
    pub(super) fn take(&self) -> Option<(SubscriptionId, Delivery)> {
        self.waiting.lock().pop()
    }
}

impl Waiting {
    fn push(&mut self, id: SubscriptionId, key: Option<&Key>, response: Bytes, max_pending: usize) -> bool {
        if let Some(older) = key.and_then(|key| self.newest.get_mut(&(id, address(key)))) {
            *older = response;
            count_conflated(1);
            return true;
        }
        let count = self.counts.entry(id).or_default();
        if *count >= max_pending {
            self.overflow(id, max_pending);
            return false;
        }
        *count += 1;
        let slot = match key {
            Some(key) => {
                self.newest.insert((id, address(key)), response);
                Slot::Keyed(Arc::clone(key))
            }
            None => Slot::Plain(response),
        };
        self.order.push_back((id, slot));
        true
    }

    fn pop(&mut self) -> Option<(SubscriptionId, Delivery)> {
        let next = loop {
            if let Some((id, Slot::Marks(marks))) = self.order.front() {
                if let Some(response) = marks.take() {
                    break Some((*id, Delivery::Next(response)));
                }
                let is_due_again = marks.end_turn();
                let marks = self.order.pop_front().filter(|_| is_due_again);
                self.order.extend(marks);
                continue;
            }
            let Some((id, slot)) = self.order.pop_front() else { break None };
            let delivery = match slot {
                Slot::Plain(response) => self.counted(id, response),
                // What is in the order is among the newest: both are changed together.
                Slot::Keyed(key) => {
                    let response = self.newest.remove(&(id, address(&key))).unwrap_or_default();
                    self.counted(id, response)
                }
                // Seen to above.
                Slot::Marks(_) => continue,
                // What was there before the end comes before it.
                Slot::End if self.order.iter().any(|(of, slot)| *of == id && matches!(slot, Slot::Marks(_))) => {
                    self.order.push_back((id, Slot::End));
                    continue;
                }
                Slot::End => Delivery::End,
            };
            break Some((id, delivery));
        };
        self.give_back();
        next
    }

    fn counted(&mut self, id: SubscriptionId, response: Bytes) -> Delivery {
        self.uncount(id);
        Delivery::Next(response)
    }

    fn uncount(&mut self, id: SubscriptionId) {
        if let Some(count) = self.counts.get_mut(&id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&id);
            }
        }
    }

    fn forget(&mut self, id: SubscriptionId) {
        self.order.retain(|(of, _)| *of != id);
        self.newest.retain(|(of, _), _| *of != id);
        self.counts.remove(&id);
        self.give_back();
    }

    /// A client that was slow once does not hold the memory for ever.
    fn give_back(&mut self) {
        if self.order.is_empty()
            && self.order.capacity() > 0
            && (self.order.capacity() > KEPT_ENTRIES || self.newest.capacity() > KEPT_ENTRIES)
        {
            *self = Self::default();
        }
    }

    fn overflow(&mut self, id: SubscriptionId, max_pending: usize) {
        metrics::counter!("selvedge_subscription_overflow_total").increment(1);
        let message = format!("the client is too slow: {max_pending} answers were waiting; subscribe again");
        let error = GraphqlResponse::from_errors(vec![GraphqlError::new("SUBSCRIPTION_OVERFLOW", message)]);
        self.forget(id);
        self.order.push_back((id, Slot::Plain(error.to_bytes())));
        self.order.push_back((id, Slot::End));
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::poll_fn};

    use super::{
        super::marks::{Newest, Raised},
        *,
    };

    fn take(mailbox: &Mailbox) -> Option<(SubscriptionId, String)> {
        let (id, delivery) = poll_fn(|context| mailbox.poll_next(context)).now_or_never()?;
        let text = match delivery {
            Delivery::Next(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Delivery::End => "end".to_owned(),
        };
        Some((id, text))
    }

    fn put(mailbox: &Mailbox, id: SubscriptionId, key: Option<&Key>, text: &'static str) -> bool {
        mailbox.push(id, key, Bytes::from_static(text.as_bytes()), 2)
    }

    #[test]
    fn of_each_subscription_and_key_only_the_newest_waits() {
        let mailbox = Mailbox::default();
        let (a, b): (Key, Key) = ("a".into(), "b".into());
        for (id, key, value) in [(1, &a, "a1"), (1, &b, "b1"), (2, &a, "2a1"), (1, &a, "a2"), (1, &a, "a3")] {
            assert!(put(&mailbox, id, Some(key), value));
        }
        mailbox.end(1);
        let expected = [(1, "a3"), (1, "b1"), (2, "2a1"), (1, "end")];
        for (id, text) in expected {
            assert_eq!(take(&mailbox), Some((id, text.to_owned())));
        }
        assert_eq!(take(&mailbox), None);
    }

    #[test]
    fn without_room_a_subscription_gets_one_error_and_the_end_and_others_go_on() {
        let mailbox = Mailbox::default();
        assert!(put(&mailbox, 2, None, "other"));
        let had_room: Vec<bool> = (0..3).map(|_| put(&mailbox, 1, None, "x")).collect();
        assert_eq!(had_room, [true, true, false]);
        assert_eq!(take(&mailbox), Some((2, "other".to_owned())));
        let (id, error) = take(&mailbox).unwrap();
        assert!(id == 1 && error.contains("SUBSCRIPTION_OVERFLOW"), "{error}");
        assert_eq!((take(&mailbox), take(&mailbox)), (Some((1, "end".to_owned())), None));
    }

    #[test]
    fn of_a_shared_value_the_newest_is_delivered_once() {
        let mailbox = Mailbox::default();
        let newest = Arc::<Newest>::default();
        let marks = Marks::new([Arc::clone(&newest)]);
        let change = |text: &'static str| {
            newest.set(Bytes::from_static(text.as_bytes()));
            if marks.raise(0) == Raised::First {
                mailbox.push_marks(1, &marks);
            }
        };
        change("a1");
        put(&mailbox, 1, None, "x");
        change("a2");
        assert_eq!(take(&mailbox), Some((1, "a2".to_owned())));
        change("a3");
        mailbox.end(1);
        assert_eq!(take(&mailbox), Some((1, "x".to_owned())));
        assert_eq!(take(&mailbox), Some((1, "a3".to_owned())));
        assert_eq!((take(&mailbox), take(&mailbox)), (Some((1, "end".to_owned())), None));
    }

    #[test]
    fn what_changes_in_a_turn_comes_behind_others_and_before_the_end() {
        let mailbox = Mailbox::default();
        let keys: Vec<Arc<Newest>> = (0..2).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let change = |key: usize, text: &'static str| {
            keys[key].set(Bytes::from_static(text.as_bytes()));
            if marks.raise(u32::try_from(key).unwrap()) == Raised::First {
                mailbox.push_marks(1, &marks);
            }
        };
        change(0, "a1");
        change(1, "b1");
        put(&mailbox, 2, None, "x");
        assert_eq!(take(&mailbox), Some((1, "a1".to_owned())));
        change(0, "a2");
        mailbox.end(1);
        let rest: Vec<_> = std::iter::from_fn(|| take(&mailbox)).collect();
        let expected = [(1, "b1"), (2, "x"), (1, "a2"), (1, "end")];
        assert_eq!(rest, expected.map(|(id, text)| (id, text.to_owned())));
    }

    #[test]
    fn what_is_forgotten_is_not_delivered() {
        let mailbox = Mailbox::default();
        let key: Key = "k".into();
        put(&mailbox, 1, Some(&key), "1");
        put(&mailbox, 2, Some(&key), "2");
        mailbox.forget(1);
        assert_eq!((take(&mailbox), take(&mailbox)), (Some((2, "2".to_owned())), None));
    }
}
