//! What is deleted in the background.

use std::{sync::Arc, time::Duration};

use selvedge_kit::clock::Clock;
use tokio_util::sync::CancellationToken;

use super::Privacy;
use crate::store::{CustomerStore, StoreError};

/// Erasures that are finished in one round.
const ERASURES_PER_ROUND: usize = 100;

/// Deletes behaviour that expired, and finishes erasures that a crash left undone.
pub struct Sweeper {
    /// Where behaviour is.
    pub store: Arc<dyn CustomerStore>,
    /// Finishes erasures.
    pub privacy: Privacy,
    /// Says what has expired.
    pub clock: Arc<dyn Clock>,
    /// Between two rounds.
    pub interval: Duration,
}

impl Sweeper {
    /// Sweeps until `shutdown`.
    ///
    /// # Cancellation
    ///
    /// Safe: each round begins anew.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut rounds = tokio::time::interval(self.interval);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = rounds.tick() => {}
            }
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "a round of deleting expired behaviour failed; the next one tries again");
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let expired = self.store.delete_expired_behaviour(self.clock.now()).await?;
        metrics::counter!("selvedge_preferences_behaviour_expired_total").increment(expired);
        for document in self.store.customers_with_erasure_due(ERASURES_PER_ROUND).await? {
            self.privacy.finish_erasure(&document.id).await?;
        }
        Ok(())
    }
}
