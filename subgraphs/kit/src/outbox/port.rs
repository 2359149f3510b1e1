//! What a store offers to the relay.

use std::time::Duration;

use async_trait::async_trait;

use crate::event::Event;

/// One event that waits in a store.
#[derive(Debug, Clone)]
pub struct OutboxEntry {
    /// The store's own name of the entry, handed back to [`Outbox::confirm`].
    pub token: String,
    /// The event.
    pub event: Event,
}

/// An entry that is no event: it can never be published.
#[derive(Debug, Clone)]
pub struct UnreadableEntry {
    /// As of [`OutboxEntry`].
    pub token: String,
    /// What lies there.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What waits in an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Entries that are committed and not published, those included that an open transaction holds back.
    pub entries: u64,
    /// How long the oldest of them has waited; zero where the store cannot tell.
    pub oldest: Duration,
}

/// The store could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the outbox is not reachable: {reason}")]
pub struct OutboxError {
    /// What the driver said.
    pub reason: String,
}

/// A store's outbox.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// The oldest unpublished entries in commit order per subject, at most `limit`. Never skips an entry whose
    /// transaction commits late. Only one relay reads at a time: an adapter over a shared store takes a lease here and
    /// returns nothing to the others.
    async fn pending(&self, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError>;

    /// Entries that `pending` has passed over since the last call because they are no events.
    fn take_unreadable(&self) -> Vec<UnreadableEntry> {
        Vec::new()
    }

    /// What waits; for the metrics, by a read that holds nobody up.
    async fn waiting(&self) -> Result<Waiting, OutboxError>;

    /// Marks entries as published. Entries stay for the store's retention time and are read by `retained`.
    async fn confirm(&self, tokens: &[String]) -> Result<(), OutboxError>;

    /// Already published entries after `after` (a token of this store; `None` from the oldest), in order. The
    /// in-process bus has no memory of its own and is refilled from here at start.
    async fn retained(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError>;
}
