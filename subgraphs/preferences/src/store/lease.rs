//! Being the only relay.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use uuid::Uuid;

use super::{CustomerStore, LeaseRequest, StoreError};

/// How long a relay that died keeps others from its work.
const DURATION: TimeDelta = TimeDelta::seconds(5);

/// A relay renews when less than this is left.
const RENEWAL: TimeDelta = TimeDelta::seconds(3);

/// A lease that is held by this process, or is not.
pub(super) struct Lease {
    store: Arc<dyn CustomerStore>,
    holder: String,
    held_until: Mutex<Option<DateTime<Utc>>>,
}

impl Lease {
    pub(super) fn new(store: Arc<dyn CustomerStore>) -> Self {
        Self { store, holder: Uuid::new_v4().to_string(), held_until: Mutex::new(None) }
    }

    /// Whether this process holds the lease; takes or renews it when need be.
    pub(super) async fn is_held(&self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if self.held_until.lock().is_some_and(|until| now + RENEWAL < until) {
            return Ok(true);
        }
        let until = now + DURATION;
        let request = LeaseRequest { name: "outbox", holder: &self.holder, now, until };
        let held = self.store.take_lease(request).await?;
        *self.held_until.lock() = held.then_some(until);
        Ok(held)
    }

    /// Gives the lease back, if this process holds it, so that the next one need not wait.
    pub(super) async fn release(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.held_until.lock().take().is_some() {
            let request = LeaseRequest { name: "outbox", holder: &self.holder, now, until: now };
            self.store.take_lease(request).await?;
        }
        Ok(())
    }
}
