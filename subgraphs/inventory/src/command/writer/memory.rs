//! What a lane knows of stock, from what it read and what it wrote itself.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sqlx::PgConnection;
use tokio::time::Instant;

use super::pending::Pending;
use crate::store::{StoreError, batch, levels::LoadedStock};

/// Older memory is not used, so that what other people change is seen soon even when it breaks no guard, such as a new
/// location.
const AGE_MAX: Duration = Duration::from_secs(1);

/// Two conflicts within this time mean that another process sells the same; for so long locks are taken first.
const RIVALRY: Duration = Duration::from_millis(200);

/// Stock as a lane knows it. It may be out of date; the guards of what is written find out.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: Option<Known>,
    /// When somebody else was faster the last time.
    overtaken_at: Option<Instant>,
    /// Until then variants are locked before they are read.
    locks_until: Option<Instant>,
}

#[derive(Debug)]
struct Known {
    loaded: LoadedStock,
    /// SKUs and locations that were looked for, those too that there are not.
    skus: BTreeSet<String>,
    places: BTreeSet<String>,
    read_at: Instant,
    /// The database's time, and when it was that.
    clock: (DateTime<Utc>, Instant),
}

impl Memory {
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Somebody else changed what was known. When that happens again and again, another process sells the same: then it is
    /// better to wait for one's turn than to be overtaken, for a while.
    pub(super) fn overtaken(&mut self) {
        let now = Instant::now();
        if self.overtaken_at.is_some_and(|before| now - before < RIVALRY) {
            self.locks_until = Some(now + RIVALRY);
        }
        self.overtaken_at = Some(now);
    }

    /// Whether variants are to be locked before they are read.
    pub(super) fn locks_first(&self) -> bool {
        self.locks_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether what is known it covers the requests and is not too old.
    pub(super) fn covers(&self, pending: &[Pending]) -> bool {
        let Some(known) = &self.known else { return false };
        known.read_at.elapsed() < AGE_MAX
            && pending.iter().all(|one| {
                one.request.skus.iter().all(|sku| known.skus.contains(sku))
                    && one.request.places().all(|place| known.places.contains(place))
            })
    }

    /// Reads what the requests are about; what was known before is forgotten.
    pub(super) async fn read(&mut self, connection: &mut PgConnection, pending: &[Pending]) -> Result<(), StoreError> {
        self.forget();
        let (skus, places) = wanted(pending);
        let named: Vec<&str> = places.iter().map(String::as_str).collect();
        let loaded = batch::read(connection, &skus.iter().map(String::as_str).collect::<Vec<_>>(), &named).await?;
        let now = Instant::now();
        self.known = Some(Known { clock: (loaded.now, now), loaded, skus, places, read_at: now });
        Ok(())
    }

    /// The stock to decide on, with the database's time now: its time when it was last asked and what has passed since.
    pub(super) fn stock(&mut self) -> Result<&mut LoadedStock, StoreError> {
        let known = self.known.as_mut().ok_or(StoreError::Conflict { what: "memory" })?;
        let (then, at) = known.clock;
        known.loaded.now = then + TimeDelta::from_std(at.elapsed()).unwrap_or_default();
        Ok(&mut known.loaded)
    }

    /// Remembers the database's time.
    pub(super) fn set_clock(&mut self, now: DateTime<Utc>) {
        if let Some(known) = &mut self.known {
            known.clock = (now, Instant::now());
        }
    }
}

/// SKUs and locations of the requests, each once.
pub(super) fn wanted(pending: &[Pending]) -> (BTreeSet<String>, BTreeSet<String>) {
    let skus = pending.iter().flat_map(|one| one.request.skus.iter().cloned()).collect();
    let places = pending.iter().flat_map(|one| one.request.places().map(str::to_owned).collect::<Vec<_>>()).collect();
    (skus, places)
}
