//! Transactions that are run again when the database asks for it.

use std::{future::Future, time::Duration};

use sea_orm::DatabaseTransaction;

use super::{Store, StoreError};

/// What is done inside one transaction. It may be run several times, each time from the beginning.
pub(crate) trait Work: Sync {
    /// What comes of it.
    type Output: Send;

    /// Does the work; the transaction is committed when this gives `Ok`.
    fn run(&self, transaction: &DatabaseTransaction) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;
}

/// How often a transaction is tried.
pub(crate) const ATTEMPTS_MAX: u32 = 12;
/// The first pause is up to this long; each further one up to twice as long.
const PAUSE_BASE_MS: u64 = 2;
/// No pause is longer.
const PAUSE_MAX_MS: u64 = 200;

/// Runs `work` in a transaction and commits it. Serialization failures, deadlocks, busy databases and conflicts are
/// tried again after a jittered pause, at most [`ATTEMPTS_MAX`] times.
pub(crate) async fn transact<W: Work>(store: &Store, work: &W) -> Result<W::Output, StoreError> {
    let mut attempt = 1;
    loop {
        match try_once(store, work).await {
            Err(error) if error.is_transient() && attempt < ATTEMPTS_MAX => {
                metrics::counter!("inventory_transaction_retries_total").increment(1);
                tracing::debug!(%error, attempt, "a transaction is tried again");
                tokio::time::sleep(pause_after(attempt)).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn try_once<W: Work>(store: &Store, work: &W) -> Result<W::Output, StoreError> {
    let transaction = store.begin_write().await?;
    match work.run(&transaction).await {
        Ok(output) => {
            transaction.commit().await?;
            Ok(output)
        }
        Err(error) => {
            // The work's own error says more than a failed rollback, which the server does by itself.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// A random pause before the next attempt.
pub(crate) fn pause_after(attempt: u32) -> Duration {
    let longest_ms = (PAUSE_BASE_MS << attempt.min(10)).min(PAUSE_MAX_MS);
    Duration::from_millis(rand::random_range(1..=longest_ms))
}
