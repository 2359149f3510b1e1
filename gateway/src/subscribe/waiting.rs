//! What waits in a mailbox, and in which order it goes out.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use ahash::AHashMap;
use bytes::Bytes;
use metrics::Counter;

use super::marks::{Marks, Sealed};
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
    /// The newest of those of them that had changed when something else was put behind them.
    Sealed(Arc<Marks>, Sealed),
    Plain(Bytes),
    End,
}

type NewestKey = (SubscriptionId, usize);

/// The responses of all subscriptions of a client. What is said of a subscription beside its marks (an error, the end) stays
/// between what had changed before and what changes later: which of them came last is what the client believes.
#[derive(Default)]
pub(super) struct Waiting {
    order: VecDeque<(SubscriptionId, Slot)>,
    newest: AHashMap<NewestKey, Bytes>,
    /// How many responses wait for a subscription.
    counts: AHashMap<SubscriptionId, usize>,
    /// How many of the order are marks that are not sealed, at most one of a subscription.
    marks: usize,
}

fn address(key: &Key) -> usize {
    Arc::as_ptr(key).cast::<u8>().addr()
}

/// Counts values that took the place of others which nobody had taken.
pub(super) fn count_conflated(count: u64) {
    static CONFLATED: OnceLock<Counter> = OnceLock::new();
    CONFLATED.get_or_init(|| metrics::counter!("selvedge_subscription_conflated_total")).increment(count);
}

impl Waiting {
    /// Whether a value of a key waits.
    pub(super) fn has(&self, id: SubscriptionId, key: &Key) -> bool {
        self.newest.contains_key(&(id, address(key)))
    }

    pub(super) fn push(&mut self, id: SubscriptionId, key: Option<&Key>, response: Bytes, max_pending: usize) -> bool {
        // Whatever has changed of marks by now comes before it, and what changes later behind it.
        let had_marks = self.seal(id);
        if let Some((key, older)) = key.and_then(|key| Some((key, self.newest.get_mut(&(id, address(key)))?))) {
            *older = response;
            count_conflated(1);
            if had_marks {
                self.put_behind(id, key);
            }
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

    pub(super) fn pop(&mut self) -> Option<(SubscriptionId, Delivery)> {
        let next = loop {
            let of_marks = match self.order.front_mut() {
                Some((id, Slot::Marks(marks))) => marks.take().map(|response| (*id, response)),
                Some((id, Slot::Sealed(marks, sealed))) => marks.take_sealed(sealed).map(|response| (*id, response)),
                _ => None,
            };
            if let Some((id, response)) = of_marks {
                break Some((id, Delivery::Next(response)));
            }
            let Some((id, slot)) = self.order.pop_front() else { break None };
            let delivery = match slot {
                Slot::Plain(response) => self.counted(id, response),
                // What is in the order is among the newest: both are changed together.
                Slot::Keyed(key) => {
                    let response = self.newest.remove(&(id, address(&key))).unwrap_or_default();
                    self.counted(id, response)
                }
                Slot::Marks(marks) => {
                    self.marks -= 1;
                    if marks.end_turn() {
                        self.push_marks(id, marks);
                    }
                    continue;
                }
                Slot::Sealed(..) => continue,
                Slot::End => Delivery::End,
            };
            break Some((id, delivery));
        };
        self.give_back();
        next
    }

    pub(super) fn push_marks(&mut self, id: SubscriptionId, marks: Arc<Marks>) {
        self.marks += 1;
        self.order.push_back((id, Slot::Marks(marks)));
    }

    pub(super) fn end(&mut self, id: SubscriptionId) {
        self.seal(id);
        self.order.push_back((id, Slot::End));
    }

    /// Seals the marks of a subscription, so that something can be put behind them; whether there were any.
    fn seal(&mut self, id: SubscriptionId) -> bool {
        if self.marks == 0 {
            return false;
        }
        for (of, slot) in &mut self.order {
            if *of == id
                && let Slot::Marks(marks) = slot
            {
                let sealed = marks.seal();
                *slot = Slot::Sealed(Arc::clone(marks), sealed);
                self.marks -= 1;
                return true;
            }
        }
        false
    }

    /// Moves what waits of a key behind everything else.
    fn put_behind(&mut self, id: SubscriptionId, key: &Key) {
        let is_it = |slot: &Slot| matches!(slot, Slot::Keyed(of) if address(of) == address(key));
        let place = self.order.iter().position(|(of, slot)| *of == id && is_it(slot));
        let slot = place.and_then(|place| self.order.remove(place));
        self.order.extend(slot);
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

    pub(super) fn forget(&mut self, id: SubscriptionId) {
        self.order.retain(|(of, _)| *of != id);
        self.newest.retain(|(of, _), _| *of != id);
        self.counts.remove(&id);
        self.marks = self.order.iter().filter(|(_, slot)| matches!(slot, Slot::Marks(_))).count();
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
