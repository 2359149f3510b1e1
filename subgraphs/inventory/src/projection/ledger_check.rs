//! Comparing the ledger with levels while shoppers buy, and telling staff what differs.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use selvedge_kit::outbox::RelaySignal;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::alert::{AlertKind, AlertSettings},
    error::StoreError,
    store::{
        Store, Verification,
        alerts::{self, AlertChange},
        ledger::new_id,
        transact::{Work, transact},
        verify::{Checked, VARIANTS_PER_PAGE, Which, check},
    },
};

/// Variants of which something was found, and that are compared again each time.
const FOUND_AT_ONCE: u64 = 100;

/// Compares some variants with their events now and then, one after the other through the catalog, and those of which
/// something was found each time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LedgerCheck {
    store: Store,
    settings: AlertSettings,
    signal: RelaySignal,
}

impl LedgerCheck {
    /// Checks of `store` by `settings` that ring `signal` when there is something to announce.
    #[must_use]
    pub const fn new(store: Store, settings: AlertSettings, signal: RelaySignal) -> Self {
        Self { store, settings, signal }
    }

    /// Checks until `shutdown`. Of several processes one does it each time.
    pub async fn run(self, shutdown: CancellationToken) {
        let seconds = self.settings.anomalies.check_seconds;
        let is_wanted = [AlertKind::LedgerMismatch, AlertKind::CommittedUnexplained];
        if seconds == 0 || !is_wanted.iter().any(|kind| self.settings.is_on(*kind)) {
            return;
        }
        let working = async {
            let mut rounds = interval(Duration::from_secs(seconds.into()));
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                rounds.tick().await;
                if let Err(error) = self.round(seconds).await {
                    tracing::warn!(%error, "the ledger could not be compared with levels");
                }
            }
        };
        shutdown.run_until_cancelled(working).await;
    }

    /// Compares what is next, if it is due: then it is due again after `again_seconds`. How many variants it compared.
    ///
    /// # Errors
    ///
    /// When the store fails; then the same is compared next time.
    pub async fn round(&self, again_seconds: u32) -> Result<u64, StoreError> {
        let Some(after) = alerts::claim_check(&self.store, again_seconds).await? else { return Ok(0) };
        let found = alerts::open_findings(self.store.reader(), FOUND_AT_ONCE).await?;
        let mut compared = 0;
        if !found.is_empty() {
            compared += self.settle(&check(&self.store, Which::These(&found)).await?).await?;
        }
        let limit = self.settings.anomalies.check_variants.max(1).into();
        let next = check(&self.store, Which::After { variant_id: &after, limit }).await?;
        compared += self.settle(&next).await?;
        let is_end = next.report.variants < limit;
        let last = next.last.filter(|_| !is_end).unwrap_or_default();
        alerts::note_check(&self.store, &last).await?;
        metrics::counter!("inventory_ledger_checked_variants_total").increment(compared);
        Ok(compared)
    }

    /// Compares everything, as [`crate::store::verify_with`] does, and tells what differs.
    ///
    /// # Errors
    ///
    /// When the store fails; what was found before has been told.
    pub async fn verify(&self, mut progress: impl FnMut(&Verification) + Send) -> Result<Verification, StoreError> {
        let found = alerts::open_findings(self.store.reader(), FOUND_AT_ONCE).await?;
        if !found.is_empty() {
            // Also those whose variant is gone.
            self.settle(&check(&self.store, Which::These(&found)).await?).await?;
        }
        let mut report = Verification::default();
        let mut after = String::new();
        loop {
            let checked = check(&self.store, Which::After { variant_id: &after, limit: VARIANTS_PER_PAGE }).await?;
            self.settle(&checked).await?;
            let Some(last) = checked.last else { return Ok(report) };
            after = last;
            report.add(checked.report);
            progress(&report);
        }
    }

    async fn settle(&self, checked: &Checked) -> Result<u64, StoreError> {
        if let Some(first) = checked.report.discrepancies.first() {
            tracing::error!(found = checked.report.discrepancies.len(), %first, "stock is not what its events make");
        } else if alerts::open_findings(self.store.reader(), 1).await?.is_empty() {
            return Ok(checked.report.variants);
        }
        alerts::prepare(&self.store).await?;
        let changes = transact(&self.store, &Settle { settings: &self.settings, checked }).await?;
        alerts::count(&changes);
        if !changes.is_empty() {
            self.signal.ring();
        }
        Ok(checked.report.variants)
    }
}

struct Settle<'a> {
    settings: &'a AlertSettings,
    checked: &'a Checked,
}

impl Work for Settle<'_> {
    type Output = Vec<AlertChange>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        alerts::lock(transaction).await?;
        let changes = alerts::settle_findings(transaction, self.settings, self.checked).await?;
        alerts::save(transaction, &changes, &new_id()).await?;
        Ok(changes)
    }
}
