//! Bringing projections forward, and building them anew while they are served.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::catalog::{PROJECTIONS, Projection};
use crate::{
    error::StoreError,
    store::{
        Store,
        projected::{self, next_batch},
        transact::{Work, transact},
    },
};

/// Events of one transaction: enough to be fast, few enough that nobody waits long.
const EVENTS_PER_BATCH: u64 = 1_000;
/// How often the ledger is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Brings every projection forward until `shutdown`. Several processes may do this at once: each batch is taken in under the
/// lock of its checkpoint, once.
pub async fn run_projections(store: Store, shutdown: CancellationToken) {
    let mut rounds = interval(LOOK_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        for projection in PROJECTIONS {
            let name = projection.name();
            let caught_up = shutdown.run_until_cancelled(catch_up(&store, projection)).await;
            match caught_up {
                None => return,
                Some(Ok(0)) => {}
                Some(Ok(events)) => tracing::trace!(projection = name, events, "a projection was brought forward"),
                Some(Err(error)) => {
                    tracing::warn!(projection = name, %error, "a projection could not be brought forward")
                }
            }
            if let Ok(lag) = projected::lag(&store, name).await {
                metrics::gauge!("inventory_projection_lag_seconds", "projection" => name).set(lag.seconds);
                #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
                metrics::gauge!("inventory_projection_lag_events", "projection" => name).set(lag.events as f64);
            }
        }
    }
}

/// Brings what `projection` serves forward to the end of the ledger; how many events it took in. Costs one read when there
/// is nothing to do.
///
/// # Errors
///
/// When the store fails; batches before stay taken in.
pub async fn catch_up(store: &Store, projection: &dyn Projection) -> Result<usize, StoreError> {
    projected::ensure_serving(store, projection.name()).await?;
    let mut taken = 0;
    loop {
        let Some(served) = projected::serving(store, projection.name()).await? else { return Ok(taken) };
        if next_batch(store.reader(), &served, 1).await?.events.is_empty() {
            return Ok(taken);
        }
        let done = transact(store, &Advance { projection, generation: served.generation }).await?;
        taken += done.events;
        if done.drained {
            return Ok(taken);
        }
    }
}

/// Builds `projection` anew from the first event on, beside what is served, and then serves that. `progress` hears how many
/// events were taken in so far. May run while shoppers buy, and again after it was interrupted.
///
/// # Errors
///
/// When the store fails; what was served is served still.
pub async fn rebuild_projection(
    store: &Store,
    projection: &dyn Projection,
    mut progress: impl FnMut(u64) + Send,
) -> Result<u64, StoreError> {
    let name = projection.name();
    let generation = projected::shadow(store, name).await?.generation;
    let mut taken = 0;
    loop {
        let done = transact(store, &Advance { projection, generation }).await?;
        taken += u64::try_from(done.events).unwrap_or(u64::MAX);
        progress(taken);
        if done.drained && projected::swap(store, name, generation).await? {
            break;
        }
    }
    for old in (1..generation).rev() {
        // Generations before the last are gone already, unless somebody was interrupted.
        while projection.clear(store, old).await? > 0 {}
    }
    projected::drop_old(store, name, generation).await?;
    Ok(taken)
}

struct Advance<'a> {
    projection: &'a dyn Projection,
    generation: i64,
}

struct Advanced {
    events: usize,
    drained: bool,
}

impl Work for Advance<'_> {
    type Output = Advanced;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Advanced, StoreError> {
        let name = self.projection.name();
        let Some(checkpoint) = projected::lock(transaction, name, self.generation).await? else {
            return Ok(Advanced { events: 0, drained: true });
        };
        let batch = next_batch(transaction, &checkpoint, EVENTS_PER_BATCH).await?;
        self.projection.take(transaction, self.generation, &batch.events).await?;
        projected::save(transaction, name, &batch.checkpoint).await?;
        Ok(Advanced { events: batch.events.len(), drained: batch.drained })
    }
}
