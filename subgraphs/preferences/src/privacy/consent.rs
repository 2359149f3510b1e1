//! Giving and withdrawing consent.

use std::sync::Arc;

use crate::{
    command::{CommandError, Customers},
    domain::{ConsentChange, Customer},
    store::{CustomerStore, StoreError},
};

/// How often the mark of an erasure is taken away when the customer changes in between.
const MAX_ATTEMPTS: u32 = 20;

/// Changes consent and deletes what is no longer allowed.
#[derive(Clone)]
pub struct Privacy {
    store: Arc<dyn CustomerStore>,
    customers: Customers,
}

impl Privacy {
    /// Over `store` and its `customers`.
    #[must_use]
    pub fn new(store: Arc<dyn CustomerStore>, customers: Customers) -> Self {
        Self { store, customers }
    }

    /// Changes the consent of the customer `id`. Without consent to personalisation the stored behaviour of the
    /// customer is gone when this returns; a crash in between is made good by [`super::Sweeper`].
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn set_consent(
        &self,
        id: &str,
        change: ConsentChange,
        correlation_id: &str,
    ) -> Result<Customer, CommandError> {
        if change.personalisation == Some(true) {
            // An erasure that a crash left undone must not reach behaviour that is recorded under the new consent.
            self.finish_erasure(id).await?;
        }
        let decide = |customer: &Customer, now| customer.with_consent(change, now, correlation_id);
        let customer = self.customers.change(id, correlation_id, decide).await?;
        if !customer.consent.personalisation {
            self.finish_erasure(id).await?;
        }
        Ok(customer)
    }

    /// Deletes the behaviour of the customer `id` if that is due.
    ///
    /// # Errors
    ///
    /// When the store fails; the erasure stays due.
    pub async fn finish_erasure(&self, id: &str) -> Result<(), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store.customers(&[id.to_owned()]).await?;
            let Some(document) = found.first().filter(|document| document.erasure_due) else { return Ok(()) };
            let deleted = self.store.delete_behaviour_of(id).await?;
            metrics::counter!("selvedge_preferences_behaviour_erased_total").increment(deleted);
            if self.store.replace_customer(&document.with_erasure_done()).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}
