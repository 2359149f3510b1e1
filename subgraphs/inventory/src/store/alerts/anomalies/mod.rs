//! What about stock is odd: found in the events as the ledger is followed, or by comparing it with levels.
//!
//! Events are added up by window and day in the transaction that also notes how far the ledger was followed, so that each is
//! counted once and none is read again. What was added up can be made anew from the ledger at any time.

mod check;
mod corrections;
mod counts;
mod findings;
mod outflow;
mod raise;
mod sums;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;

use super::write::{AlertChange, Happened};
use crate::{
    domain::alert::{AlertKind, AlertSettings},
    store::{
        StoreError, now,
        projected::{Checkpoint, OrderedEvent},
    },
};

pub(crate) use check::{claim_check, forget_sums, note_check};
pub(crate) use findings::{open_findings, settle_findings};

/// What is longer ago is added up and not told: when the ledger is followed anew from its beginning, what was odd then is no
/// news. As long it is remembered what somebody has taken note of, and nothing that ends so is added up for longer than a
/// day, so that nobody is told of it twice.
const NEWS_FOR: TimeDelta = TimeDelta::days(2);
/// Open alerts that are looked at in one round.
const ALERTS_AT_ONCE: u64 = 500;

/// Takes in events that follow `checkpoint`, and raises alerts of what is odd in them. Hold the lock of alerts;
/// [`super::save`] what it gives.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn take_anomalies(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
    checkpoint: &Checkpoint,
    events: &[OrderedEvent],
) -> Result<Vec<AlertChange>, StoreError> {
    let now = now::read(transaction).await?;
    sums::ensure(transaction, settings, checkpoint, now).await?;
    let sums = sums::Sums::of(settings, events.iter().map(|ordered| &ordered.event));
    let windows = sums::add_outflow(transaction, &sums).await?;
    let mut incidents = outflow::judge(transaction, settings, &windows, now).await?;
    let days = sums::add_corrections(transaction, &sums).await?;
    incidents.extend(corrections::judge(transaction, settings, (&sums, &days), now).await?);
    incidents.extend(counts::judge(transaction, settings, events, now).await?);
    raise::raise(transaction, settings, incidents, now).await
}

/// Ends what is over without an event, or shall no longer be told, and takes away sums that are too old. Hold the lock of
/// alerts; [`super::save`] what it gives.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn resolve_anomalies(
    transaction: &impl ConnectionTrait,
    settings: &AlertSettings,
) -> Result<Vec<AlertChange>, StoreError> {
    let now = now::read(transaction).await?;
    let mut over = Vec::new();
    for kind in AlertKind::ALL.iter().filter(|kind| !settings.is_on(**kind)) {
        over.extend(raise::open_of_kind(transaction, *kind, ALERTS_AT_ONCE).await?);
    }
    if settings.is_on(AlertKind::UnusualOutflow) {
        let open = raise::open_of_kind(transaction, AlertKind::UnusualOutflow, ALERTS_AT_ONCE).await?;
        over.extend(outflow::over(transaction, settings, open, now).await?);
    }
    if settings.is_on(AlertKind::Shrinkage) {
        let open = raise::open_of_kind(transaction, AlertKind::Shrinkage, ALERTS_AT_ONCE).await?;
        over.extend(corrections::over(transaction, settings, open, now).await?);
    }
    sums::prune(transaction, settings, now).await?;
    Ok(over.into_iter().map(|row| AlertChange::of(row, Happened::Resolved, now)).collect())
}

/// Length of a window in seconds.
fn window_seconds(settings: &AlertSettings) -> i64 {
    i64::from(settings.anomalies.unusual_outflow.window_hours.max(1)) * 3_600
}

/// The beginning of the window that `time` is in, in seconds after 1970.
fn window_of(settings: &AlertSettings, time: DateTime<Utc>) -> i64 {
    let (seconds, length) = (time.timestamp(), window_seconds(settings));
    seconds - seconds.rem_euclid(length)
}

/// A number of pieces as the threshold of an alert.
fn threshold_of(pieces: i64) -> Option<i32> {
    Some(i32::try_from(pieces).unwrap_or(i32::MAX))
}
