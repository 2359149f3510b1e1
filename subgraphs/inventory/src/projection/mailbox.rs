//! What waits for one subscriber: the newest badge of each of its SKUs and nothing more.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::store::badges::BadgeOfSku;

/// Holds at most one waiting badge per SKU, so that a slow subscriber costs O(SKUs) and gets the latest number.
#[derive(Debug)]
pub(super) struct Mailbox {
    slots: Mutex<Slots>,
    filled: Notify,
}

#[derive(Debug)]
struct Slots {
    by_sku: Vec<Slot>,
    /// Slots with a waiting badge, the longest waiting first.
    order: VecDeque<usize>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Revision of the newest badge that was offered, waiting or already taken.
    revision: Option<i64>,
    waiting: Option<Arc<BadgeOfSku>>,
}

impl Mailbox {
    /// An empty mailbox of `skus` slots.
    pub(super) fn with_slots(skus: usize) -> Self {
        let by_sku = std::iter::repeat_with(Slot::default).take(skus).collect();
        Self { slots: Mutex::new(Slots { by_sku, order: VecDeque::new() }), filled: Notify::new() }
    }

    /// Puts `badge` into `slot`, unless one with the same or a greater revision was already offered.
    pub(super) fn offer(&self, slot: usize, badge: &Arc<BadgeOfSku>) {
        {
            let mut slots = self.slots.lock();
            let Some(own) = slots.by_sku.get_mut(slot) else { return };
            if own.revision.is_some_and(|revision| revision >= badge.revision) {
                return;
            }
            own.revision = Some(badge.revision);
            if own.waiting.replace(Arc::clone(badge)).is_none() {
                slots.order.push_back(slot);
            }
        }
        self.filled.notify_one();
    }

    /// The badge that waits longest; waits for one when there is none.
    ///
    /// # Cancellation
    ///
    /// Safe: nothing is taken before it is returned.
    pub(super) async fn take(&self) -> Arc<BadgeOfSku> {
        loop {
            if let Some(badge) = self.take_waiting() {
                return badge;
            }
            self.filled.notified().await;
        }
    }

    fn take_waiting(&self) -> Option<Arc<BadgeOfSku>> {
        let mut slots = self.slots.lock();
        let slot = slots.order.pop_front()?;
        slots.by_sku.get_mut(slot)?.waiting.take()
    }
}
