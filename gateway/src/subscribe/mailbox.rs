//! What waits for one client's connection, for all subscriptions that it has there.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;

pub use super::waiting::{Delivery, SubscriptionId};
pub(super) use super::waiting::{Key, count_conflated};
use super::{marks::Marks, waiting::Waiting};

/// The responses that a client has not taken yet: of each subscription and key only the newest, in the order in which
/// they first came. An empty one owns nothing on the heap.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
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
            let waits = waiting.has(id, key);
            let response = step.filter(|_| !waits).unwrap_or(whole);
            waiting.push(id, Some(key), response.clone(), max_pending)
        };
        self.waker.wake();
        had_room
    }

    /// Adds the newest values of keys, which are looked up when they are taken. There is room for all keys.
    pub(super) fn push_marks(&self, id: SubscriptionId, marks: &Arc<Marks>) {
        self.waiting.lock().push_marks(id, Arc::clone(marks));
        self.waker.wake();
    }

    /// Nothing follows for a subscription; what waits is still delivered.
    pub(super) fn end(&self, id: SubscriptionId) {
        self.waiting.lock().end(id);
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
    fn what_changes_in_a_turn_that_has_passed_it_comes_behind_others() {
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
        let rest: Vec<_> = std::iter::from_fn(|| take(&mailbox)).collect();
        let expected = [(1, "b1"), (2, "x"), (1, "a2")];
        assert_eq!(rest, expected.map(|(id, text)| (id, text.to_owned())));
    }

    /// Errors of a key are told beside its values: which of them came last is what the client believes.
    #[test]
    fn an_error_stays_between_the_values_before_and_after_it() {
        let mailbox = Mailbox::default();
        let keys: Vec<Arc<Newest>> = (0..2).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let change = |key: usize, text: &'static str| {
            keys[key].set(Bytes::from_static(text.as_bytes()));
            if marks.raise(u32::try_from(key).unwrap()) == Raised::First {
                mailbox.push_marks(1, &marks);
            }
        };
        let rest = || std::iter::from_fn(|| take(&mailbox)).map(|(_, text)| text).collect::<Vec<_>>();
        let error: Key = "a".into();
        // Of another key something waits already.
        change(1, "b1");
        put(&mailbox, 1, Some(&error), "error");
        change(0, "a2");
        assert_eq!(rest(), ["b1", "error", "a2"]);
        // The turn has passed the key.
        change(0, "a3");
        change(1, "b3");
        assert_eq!(take(&mailbox), Some((1, "a3".to_owned())));
        change(0, "a4");
        put(&mailbox, 1, Some(&error), "error");
        assert_eq!(rest(), ["a4", "b3", "error"]);
        // A later error is not behind what came before it.
        put(&mailbox, 1, Some(&error), "error");
        change(0, "a5");
        put(&mailbox, 1, Some(&error), "later");
        assert_eq!(rest(), ["a5", "later"]);
    }

    /// However often keys change: the end waits for what there was, and nothing follows it.
    #[test]
    fn the_end_comes_though_keys_go_on_changing() {
        let mailbox = Mailbox::default();
        let keys: Vec<Arc<Newest>> = (0..2).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let change = |key: usize, text: &'static str| {
            keys[key].set(Bytes::from_static(text.as_bytes()));
            marks.raise(u32::try_from(key).unwrap()) == Raised::First
        };
        assert!(change(0, "a1"));
        mailbox.push_marks(1, &marks);
        change(1, "b1");
        put(&mailbox, 1, None, "last");
        mailbox.end(1);
        // The subscription is over: its mailbox is not told any more.
        let mut taken = Vec::new();
        while let Some((_, text)) = take(&mailbox) {
            taken.push(text);
            change(0, "a2");
            change(1, "b2");
        }
        assert_eq!(taken, ["a1", "b2", "last", "end"]);
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
