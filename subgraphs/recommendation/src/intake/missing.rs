//! Products that events speak of and that are not known (well enough).

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::{ProductId, RecencyMap};

/// Products waiting at most; more are left to later events.
const MAX_WAITING: usize = 10_000;

/// A product that was asked for is not asked for again for this long, so that a made-up id costs one question.
const ASK_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(30);

/// The products to ask inventory for.
pub(super) struct Missing {
    wanted: Mutex<Wanted>,
    bell: Notify,
}

struct Wanted {
    waiting: HashSet<ProductId>,
    asked: RecencyMap<ProductId, DateTime<Utc>>,
}

impl Missing {
    pub(super) fn new() -> Self {
        let wanted = Wanted { waiting: HashSet::new(), asked: RecencyMap::with_capacity(MAX_WAITING) };
        Self { wanted: Mutex::new(wanted), bell: Notify::new() }
    }

    /// Asks for `product` soon.
    pub(super) fn want(&self, product: ProductId) {
        let mut wanted = self.wanted.lock();
        if wanted.waiting.len() < MAX_WAITING {
            wanted.waiting.insert(product);
            self.bell.notify_one();
        }
    }

    /// Waits until products are wanted.
    pub(super) async fn wanted(&self) {
        self.bell.notified().await;
    }

    /// Takes at most `limit` wanted products which were not asked for lately.
    pub(super) fn take(&self, limit: usize, now: DateTime<Utc>) -> Vec<ProductId> {
        let mut wanted = self.wanted.lock();
        let Wanted { waiting, asked } = &mut *wanted;
        let mut taken = Vec::new();
        waiting.retain(|product| {
            if taken.len() == limit {
                return true;
            }
            if asked.peek(product).is_none_or(|before| now - *before >= ASK_AGAIN_AFTER) {
                asked.insert(product, now);
                taken.push(product.clone());
            }
            false
        });
        taken
    }

    /// Puts products back which could not be asked for.
    pub(super) fn put_back(&self, products: Vec<ProductId>) {
        let mut wanted = self.wanted.lock();
        for product in products {
            wanted.asked.remove(&product);
            wanted.waiting.insert(product);
        }
        self.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_asked_for_once_in_a_while() {
        let missing = Missing::new();
        let now = DateTime::UNIX_EPOCH;
        missing.want("a".into());
        missing.want("a".into());
        assert_eq!(missing.take(10, now).len(), 1);
        missing.want("a".into());
        assert!(missing.take(10, now).is_empty());
        missing.want("a".into());
        assert_eq!(missing.take(10, now + ASK_AGAIN_AFTER).len(), 1);
        missing.put_back(vec!["a".into()]);
        assert_eq!(missing.take(10, now + ASK_AGAIN_AFTER).len(), 1);
    }
}
