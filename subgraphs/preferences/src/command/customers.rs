//! One customer at a time.

use std::{sync::Arc, time::Duration};

use selvedge_kit::outbox::RelaySignal;

use crate::{
    announce::{Cause, EventIds, announce},
    domain::{Customer, Decided, Decision, Refusal},
    store::{CustomerDocument, CustomerStore, StoreError},
};

/// How often a change is tried when others change the same customer.
const MAX_ATTEMPTS: u32 = 64;

/// The longest wait between two tries.
const MAX_PAUSE_MS: u64 = 40;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules refuse it.
    #[error("the change was refused for {} reasons", .0.len())]
    Refused(Vec<Refusal>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the same customer all the time.
    #[error("the customer changed {attempts} times while it was to be changed")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
}

/// Reads and changes customers.
#[derive(Clone)]
pub struct Customers {
    store: Arc<dyn CustomerStore>,
    ids: Arc<EventIds>,
    signal: RelaySignal,
}

impl Customers {
    /// The customers of `store`; `signal` wakes the relay after changes that are announced.
    #[must_use]
    pub fn new(store: Arc<dyn CustomerStore>, ids: Arc<EventIds>, signal: RelaySignal) -> Self {
        Self { store, ids, signal }
    }

    /// The customer `id`, if there is one.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn find(&self, id: &str) -> Result<Option<Customer>, StoreError> {
        Ok(self.find_document(id).await?.map(|document| document.customer()))
    }

    /// The customer `id`, made now when there is none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn find_or_create(&self, id: &str) -> Result<Customer, CommandError> {
        Ok(self.document(id).await?.customer())
    }

    /// Makes the change that `decide` decides for, and gives the customer as it is then. `decide` is asked again with
    /// the newer customer when someone else was faster.
    ///
    /// # Errors
    ///
    /// When the rules refuse it, the store fails, or others never stop changing the customer.
    pub async fn change<F>(&self, id: &str, correlation_id: &str, decide: F) -> Result<Customer, CommandError>
    where
        F: Fn(&Customer, chrono::DateTime<chrono::Utc>) -> Decided + Send + Sync,
    {
        for attempt in 0..MAX_ATTEMPTS {
            let document = self.document(id).await?;
            let now = self.ids.now();
            let current = document.customer();
            let decision = decide(&current, now).map_err(CommandError::Refused)?;
            let Decision::Changed(mut changed, announcements) = decision else { return Ok(current) };
            changed.revision = current.revision + 1;
            let events: Vec<_> = announcements
                .into_iter()
                .map(|announcement| {
                    let cause = Cause { stamp: self.ids.stamp(), correlation_id: correlation_id.to_owned() };
                    announce(announcement, &changed, &cause)
                })
                .collect();
            let is_announced = !events.is_empty();
            if self.store.replace_customer(&document.followed_by(&changed, events, now)).await? {
                if is_announced {
                    self.signal.ring();
                }
                return Ok(*changed);
            }
            pause(attempt).await;
        }
        Err(CommandError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn find_document(&self, id: &str) -> Result<Option<CustomerDocument>, StoreError> {
        Ok(self.store.customers(&[id.to_owned()]).await?.into_iter().next())
    }

    async fn document(&self, id: &str) -> Result<CustomerDocument, CommandError> {
        for attempt in 0..MAX_ATTEMPTS {
            if let Some(document) = self.find_document(id).await? {
                return Ok(document);
            }
            let first = CustomerDocument::first(&Customer::new(id, self.ids.now()));
            if self.store.insert_customer(&first).await? {
                return Ok(first);
            }
            pause(attempt).await;
        }
        Err(CommandError::Contended { attempts: MAX_ATTEMPTS })
    }
}

/// Waits a random while, longer with every attempt, so that those who collided do not collide again.
async fn pause(attempt: u32) {
    let longest = (u64::from(attempt) + 1).saturating_mul(2).min(MAX_PAUSE_MS);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
}
