//! What the shop does when stock has changed: alerts are raised and are over, and queues of those who wait are looked at.
//!
//! Follows the ledger as projections do, in the order of commits, each event once and within the transaction of its effect.
//! What is judged is the stock as it is then, and not what an event says, so that it does not matter in which order they come
//! or how often.

use std::{collections::BTreeSet, time::Duration};

use sea_orm::DatabaseTransaction;
use selvedge_kit::outbox::RelaySignal;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::alert::AlertSettings,
    error::StoreError,
    store::{
        Store,
        alerts::{self, AlertChange, REACTIONS},
        ledger::new_id,
        projected::{self, next_batch},
        transact::{Work, transact},
        waitlist,
    },
};

/// Events of one transaction.
const EVENTS_PER_BATCH: u64 = 1_000;
/// How often the ledger is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often what is open is judged without an event: rushes and anomalies that are over, and what is no
/// longer sold.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// Open alerts that are judged in one transaction.
const SWEPT_AT_ONCE: u64 = 500;

/// Follows the ledger and keeps alerts true. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reactions {
    store: Store,
    settings: AlertSettings,
    signal: RelaySignal,
}

impl Reactions {
    /// Reactions on `store` by `settings` that ring `signal` when there is something to announce.
    #[must_use]
    pub const fn new(store: Store, settings: AlertSettings, signal: RelaySignal) -> Self {
        Self { store, settings, signal }
    }

    /// Reacts until `shutdown`. Several processes may do this at once: each batch is taken under one lock, once.
    pub async fn run(self, shutdown: CancellationToken) {
        let working = async {
            let mut rounds = interval(LOOK_EVERY);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut swept = None::<Instant>;
            loop {
                rounds.tick().await;
                if let Err(error) = self.catch_up().await {
                    tracing::warn!(%error, "changes of stock could not be reacted to");
                }
                if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
                    if let Err(error) = self.sweep().await {
                        tracing::warn!(%error, "open alerts could not be looked through");
                    }
                    swept = Some(Instant::now());
                }
            }
        };
        shutdown.run_until_cancelled(working).await;
    }

    /// Reacts to everything up to the end of the ledger; how many events it took in.
    ///
    /// # Errors
    ///
    /// When the store fails; batches before stay taken in.
    pub async fn catch_up(&self) -> Result<usize, StoreError> {
        let mut taken = 0;
        loop {
            let Some(followed) = projected::serving(&self.store, REACTIONS).await? else {
                alerts::prepare(&self.store).await?;
                continue;
            };
            if next_batch(self.store.reader(), &followed, 1).await?.events.is_empty() {
                break;
            }
            let done = transact(&self.store, &Follow { settings: &self.settings }).await?;
            self.announce(&done.changes);
            taken += done.events;
            if done.drained {
                break;
            }
        }
        if let Ok(lag) = projected::lag(&self.store, REACTIONS).await {
            metrics::gauge!("inventory_projection_lag_seconds", "projection" => REACTIONS).set(lag.seconds);
            #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
            metrics::gauge!("inventory_projection_lag_events", "projection" => REACTIONS).set(lag.events as f64);
        }
        Ok(taken)
    }

    /// Judges everything that is open once more: the catalog, the configuration and the clock change without an event.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        alerts::prepare(&self.store).await?;
        let mut after = String::new();
        loop {
            let (places, last) = alerts::open_places(self.store.reader(), &after, SWEPT_AT_ONCE).await?;
            let Some(last) = last else { break };
            let changes = transact(&self.store, &Judge { settings: &self.settings, places: &places }).await?;
            self.announce(&changes);
            after = last;
        }
        let changes = transact(&self.store, &EndWhatIsOver { settings: &self.settings }).await?;
        self.announce(&changes);
        measure(&self.store).await
    }

    fn announce(&self, changes: &[AlertChange]) {
        alerts::count(changes);
        if !changes.is_empty() {
            self.signal.ring();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of alerts")]
async fn measure(store: &Store) -> Result<(), StoreError> {
    use crate::domain::alert::{AlertKind, AlertSeverity};
    let open = alerts::count_open(store).await?;
    // What there is none of any more is said too.
    for (kind, severity) in AlertKind::ALL.iter().flat_map(|kind| AlertSeverity::ALL.iter().map(move |one| (kind, one)))
    {
        let (kind, severity) = (kind.as_str(), severity.as_str());
        let count = open.iter().find(|row| row.0 == kind && row.1 == severity).map_or(0, |row| row.2);
        metrics::gauge!("inventory_alerts_open", "kind" => kind, "severity" => severity).set(count as f64);
    }
    Ok(())
}

struct Follow<'a> {
    settings: &'a AlertSettings,
}

struct Followed {
    events: usize,
    drained: bool,
    changes: Vec<AlertChange>,
}

impl Work for Follow<'_> {
    type Output = Followed;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Followed, StoreError> {
        let followed = alerts::lock(transaction).await?;
        let batch = next_batch(transaction, &followed, EVENTS_PER_BATCH).await?;
        let place = |one: &projected::OrderedEvent| (one.event.variant_id.clone(), one.event.location_id.clone());
        let touched: BTreeSet<(String, String)> = batch.events.iter().map(place).collect();
        let mut changes = alerts::evaluate(transaction, self.settings, &touched).await?;
        changes.extend(alerts::take_anomalies(transaction, self.settings, &followed, &batch.events).await?);
        alerts::save(transaction, &changes, &new_id()).await?;
        waitlist::serve_and_wake(transaction, &batch.events).await?;
        projected::save(transaction, REACTIONS, &batch.checkpoint).await?;
        Ok(Followed { events: batch.events.len(), drained: batch.drained, changes })
    }
}

struct Judge<'a> {
    settings: &'a AlertSettings,
    places: &'a BTreeSet<(String, String)>,
}

impl Work for Judge<'_> {
    type Output = Vec<AlertChange>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        alerts::lock(transaction).await?;
        let changes = alerts::evaluate(transaction, self.settings, self.places).await?;
        alerts::save(transaction, &changes, &new_id()).await?;
        Ok(changes)
    }
}

struct EndWhatIsOver<'a> {
    settings: &'a AlertSettings,
}

impl Work for EndWhatIsOver<'_> {
    type Output = Vec<AlertChange>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        alerts::lock(transaction).await?;
        let mut changes = alerts::resolve_attempts(transaction, self.settings).await?;
        changes.extend(alerts::resolve_anomalies(transaction, self.settings).await?);
        alerts::save(transaction, &changes, &new_id()).await?;
        Ok(changes)
    }
}
