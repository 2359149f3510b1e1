//! The outbox of the relay, over the documents of any engine.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use selvedge_kit::{
    clock::Clock,
    event::Event,
    outbox::{Outbox, OutboxEntry, OutboxError, Waiting},
};

use super::{BehaviourDocument, CustomerDocument, CustomerStore, StoreError, lease::Lease};
use crate::announce::behaviour_recorded;

/// How often a customer is marked again when it changes in between.
const MAX_ATTEMPTS: u32 = 50;

/// Events that wait in documents: those of customers first, so that consent is known before behaviour that needs it,
/// then behaviour.
///
/// Tokens are `customer/ID/EVENT` and `behaviour/EVENT`. What waits is found by its mark and not by a number, so a
/// write that commits late is never skipped.
pub struct StoreOutbox {
    store: Arc<dyn CustomerStore>,
    clock: Arc<dyn Clock>,
    lease: Lease,
}

impl StoreOutbox {
    /// The outbox of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn CustomerStore>, clock: Arc<dyn Clock>) -> Self {
        Self { lease: Lease::new(Arc::clone(&store)), store, clock }
    }

    /// Lets another process relay at once; called when the relay has ended.
    ///
    /// # Errors
    ///
    /// When the store does not answer; the lease then runs out by itself.
    pub async fn release(&self) -> Result<(), StoreError> {
        self.lease.release(self.clock.now()).await
    }

    async fn confirm_customer(&self, customer_id: &str, event_ids: &[&str]) -> Result<(), OutboxError> {
        for _ in 0..MAX_ATTEMPTS {
            let found = self.store.customers(&[customer_id.to_owned()]).await.map_err(unreachable)?;
            let Some(document) = found.first() else { return Ok(()) };
            let next = document.with_published(event_ids, self.clock.now());
            if self.store.replace_customer(&next).await.map_err(unreachable)? {
                return Ok(());
            }
        }
        Err(OutboxError { reason: format!("a customer changed {MAX_ATTEMPTS} times while its events were confirmed") })
    }

    /// Every customer has at most two retained events, so half as many customers always fit.
    async fn retained_of_customers(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        let customers = (limit / 2).max(1);
        let documents = self.store.customers_with_retained_events(after, customers).await.map_err(unreachable)?;
        Ok(documents
            .iter()
            .flat_map(|document| document.retained_events().map(|event| customer_entry(&document.id, event)))
            .collect())
    }

    async fn retained_behaviour(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        let documents = self.store.published_behaviour(after, limit).await.map_err(unreachable)?;
        Ok(documents.iter().map(behaviour_entry).collect())
    }
}

#[async_trait]
impl Outbox for StoreOutbox {
    async fn pending(&self, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        if !self.lease.is_held(self.clock.now()).await.map_err(unreachable)? {
            return Ok(Vec::new());
        }
        let customers = self.store.customers_with_pending_events(limit).await.map_err(unreachable)?;
        let mut entries: Vec<OutboxEntry> = customers
            .iter()
            .flat_map(|document| document.pending_events().map(|event| customer_entry(&document.id, event)))
            .take(limit)
            .collect();
        let room = limit.saturating_sub(entries.len());
        if room > 0 {
            let behaviour = self.store.pending_behaviour(room).await.map_err(unreachable)?;
            entries.extend(behaviour.iter().map(behaviour_entry));
        }
        Ok(entries)
    }

    async fn waiting(&self) -> Result<Waiting, OutboxError> {
        let entries = self.store.count_pending().await.map_err(unreachable)?;
        if entries == 0 {
            return Ok(Waiting::default());
        }
        let customers = self.store.customers_with_pending_events(1).await.map_err(unreachable)?;
        let behaviour = self.store.pending_behaviour(1).await.map_err(unreachable)?;
        let since = customers.first().and_then(CustomerDocument::pending_since);
        let since = since.into_iter().chain(behaviour.first().map(|document| document.recorded().recorded_at)).min();
        let oldest = since.and_then(|since| (self.clock.now() - since).to_std().ok()).unwrap_or_default();
        Ok(Waiting { entries, oldest })
    }

    async fn confirm(&self, tokens: &[String]) -> Result<(), OutboxError> {
        let mut behaviour = Vec::new();
        let mut customers: HashMap<&str, Vec<&str>> = HashMap::new();
        for token in tokens {
            match Token::read(token) {
                Some(Token::Customer { id, event_id }) => customers.entry(id).or_default().push(event_id),
                Some(Token::Behaviour { published_id }) => behaviour.push(published_id.to_owned()),
                None => return Err(OutboxError { reason: "a token of another outbox was confirmed".to_owned() }),
            }
        }
        for (customer_id, event_ids) in customers {
            self.confirm_customer(customer_id, &event_ids).await?;
        }
        if behaviour.is_empty() {
            return Ok(());
        }
        self.store.mark_behaviour_published(&behaviour).await.map_err(unreachable)
    }

    async fn retained(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        match after.map(Token::read) {
            Some(Some(Token::Behaviour { published_id })) => self.retained_behaviour(Some(published_id), limit).await,
            Some(None) => {
                Err(OutboxError { reason: "retained events were asked for after a foreign token".to_owned() })
            }
            Some(Some(Token::Customer { id, .. })) => match self.retained_of_customers(Some(id), limit).await? {
                none if none.is_empty() => self.retained_behaviour(None, limit).await,
                entries => Ok(entries),
            },
            None => match self.retained_of_customers(None, limit).await? {
                none if none.is_empty() => self.retained_behaviour(None, limit).await,
                entries => Ok(entries),
            },
        }
    }
}

enum Token<'a> {
    Customer { id: &'a str, event_id: &'a str },
    Behaviour { published_id: &'a str },
}

impl<'a> Token<'a> {
    /// Ids of customers may contain slashes; those of events never do.
    fn read(text: &'a str) -> Option<Self> {
        if let Some(published_id) = text.strip_prefix("behaviour/") {
            return Some(Self::Behaviour { published_id });
        }
        let (id, event_id) = text.strip_prefix("customer/")?.rsplit_once('/')?;
        Some(Self::Customer { id, event_id })
    }
}

fn customer_entry(customer_id: &str, event: &Event) -> OutboxEntry {
    OutboxEntry { token: format!("customer/{customer_id}/{}", event.id), event: event.clone() }
}

fn behaviour_entry(document: &BehaviourDocument) -> OutboxEntry {
    OutboxEntry {
        token: format!("behaviour/{}", document.published_id),
        event: behaviour_recorded(&document.recorded()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an adapter for `map_err`")]
fn unreachable(error: StoreError) -> OutboxError {
    OutboxError { reason: error.to_string() }
}
