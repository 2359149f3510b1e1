//! What every engine offers.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{BehaviourDocument, CustomerDocument};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine did not answer, or refused.
    #[error("the {engine} store failed to {action}: {reason}")]
    Failed {
        /// `embedded` or `mongodb`.
        engine: &'static str,
        /// What was asked.
        action: &'static str,
        /// What the driver said.
        reason: String,
    },
    /// A document is not what this code expects.
    #[error("a document of collection `{collection}` cannot be read: {reason}")]
    Malformed {
        /// Its collection.
        collection: &'static str,
        /// What was wrong, without its content.
        reason: String,
    },
    /// No engine serves such a URL.
    #[error("`{scheme}` is no store; `preferences.store_url` begins with `sqlite:`, `mongodb:` or `mongodb+srv:`")]
    UnknownEngine {
        /// What the URL begins with.
        scheme: String,
    },
}

/// A wish to be the only one who does something, until a moment.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRequest<'a> {
    /// What for.
    pub name: &'a str,
    /// Who asks; random per process.
    pub holder: &'a str,
    /// The time now.
    pub now: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Keeps customers and behaviour. Every method is atomic for each single document and for no more.
#[async_trait]
pub trait CustomerStore: Send + Sync + 'static {
    /// `embedded` or `mongodb`.
    fn engine(&self) -> &'static str;

    /// Whether the store answers.
    async fn check(&self) -> Result<(), StoreError>;

    /// The customers among `ids`, in any order, in one read.
    async fn customers(&self, ids: &[String]) -> Result<Vec<CustomerDocument>, StoreError>;

    /// Keeps a new customer; false when there is one with that id.
    async fn insert_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError>;

    /// Replaces the customer whose write version is one less than the document's; false when it is another.
    async fn replace_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError>;

    /// Customers with events that wait, the longest waiting first.
    async fn customers_with_pending_events(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError>;

    /// How many customers and how many behaviour events wait for the bus.
    async fn count_pending(&self) -> Result<u64, StoreError>;

    /// Customers with published events, by id, from the first after `after`.
    async fn customers_with_retained_events(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CustomerDocument>, StoreError>;

    /// Customers whose behaviour is to be deleted.
    async fn customers_with_erasure_due(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError>;

    /// Keeps those of `documents` whose id is new, and gives the ids that were.
    async fn insert_behaviour(&self, documents: &[BehaviourDocument]) -> Result<HashSet<String>, StoreError>;

    /// The products that a customer viewed, each once, the latest first.
    async fn viewed_products(&self, customer_id: &str, limit: usize) -> Result<Vec<String>, StoreError>;

    /// Deletes all behaviour of a customer and says how many events it was.
    async fn delete_behaviour_of(&self, customer_id: &str) -> Result<u64, StoreError>;

    /// Deletes the behaviour that expired until `now` and says how many events it was.
    async fn delete_expired_behaviour(&self, now: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Behaviour that the bus does not have, in order of publication.
    async fn pending_behaviour(&self, limit: usize) -> Result<Vec<BehaviourDocument>, StoreError>;

    /// Marks the behaviour with these `published_ids` as known to the bus.
    async fn mark_behaviour_published(&self, published_ids: &[String]) -> Result<(), StoreError>;

    /// Behaviour that the bus has, in order of publication, from the first after the published id `after`.
    async fn published_behaviour(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BehaviourDocument>, StoreError>;

    /// Whether the asker holds the lease until the moment asked for.
    async fn take_lease(&self, request: LeaseRequest<'_>) -> Result<bool, StoreError>;
}
