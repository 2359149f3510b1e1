//! Alerts: what is open, what was, at how many pieces staff wants to hear of them, and what could not be sold.
//!
//! Alerts are opened and closed under one lock, the row [`REACTIONS`] of the table of projections: by whoever follows the
//! ledger, by who writes attempts down, and by staff. So there is one open alert per place whatever runs beside.

mod anomalies;
mod attempts;
mod level;
mod read;
mod threshold;
mod write;

pub(crate) use anomalies::{
    claim_check, forget_sums, note_check, open_findings, resolve_anomalies, settle_findings, take_anomalies,
};
pub use attempts::{AttemptFilter, attempt_cursor, list_attempts};
pub(crate) use attempts::{Tallied, add_attempts, resolve_attempts};
pub(crate) use level::{evaluate, open_places};
pub use read::{
    AlertFilter, AlertStatus, alert_cursor, alerts_by_id, changed_since, count_open, list_alerts, status_of,
};
pub use threshold::thresholds_of;
pub(crate) use threshold::write_threshold;
pub use write::ALERT_CHANGED;
pub(crate) use write::{AlertChange, acknowledge, count, save};

use sea_orm::ConnectionTrait;

use super::{
    Store, StoreError,
    projected::{self, Checkpoint},
};

/// Name of the row that says how far the ledger was followed, and that is locked.
pub const REACTIONS: &str = "reactions";
/// Reactions are not built anew, so that there is one generation.
const GENERATION: i64 = 1;

/// Makes sure that there is something to lock. Before the transaction: SQLite has one connection that writes.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn prepare(store: &Store) -> Result<(), StoreError> {
    projected::ensure_serving(store, REACTIONS).await
}

/// Waits until nobody else opens or closes alerts; gives how far the ledger was followed.
///
/// # Errors
///
/// [`StoreError::Conflict`] when the row is not there, because [`prepare`] was not called or the table was emptied.
pub(crate) async fn lock(transaction: &impl ConnectionTrait) -> Result<Checkpoint, StoreError> {
    let found = projected::lock(transaction, REACTIONS, GENERATION).await?;
    found.ok_or(StoreError::Conflict { what: "projection" })
}
