//! A second level of kept answers, which gateways share.
//!
//! The store judges what it has by the evictions that it was told (`store`). Here they are told, in order; what this
//! process has evicted and the store does not know yet is judged by the marks of the first level. A store that cannot be
//! reached is left alone for a while, and told that all has ended before it is used again.

mod record;
mod redis;
mod store;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};

use self::{
    redis::RedisStore,
    store::{Eviction, Found, Record, SharedKey, SharedStore},
};
use super::{
    marks::Moment,
    piece::{KeyRef, Piece, PieceFreshness},
    tag::Reading,
};
use crate::config::CacheRedisConfig;

pub(super) use store::{SharedMoment, SharedStoreError};

/// Evictions that are told in one step.
const BATCH: usize = 256;
/// Writes under way at a time; with more, pieces are kept in the first level alone.
const MAX_WRITES: usize = 64;
/// What took longer is not kept: the evictions that it may be too early for may be forgotten.
const MAX_FETCH: Duration = Duration::from_secs(60);

/// The second level, as the first one uses it; cheap to clone.
#[derive(Clone)]
pub(super) struct SecondLevel(Arc<Inner>);

struct Inner {
    store: Box<dyn SharedStore>,
    evictions: mpsc::UnboundedSender<(Moment, Eviction)>,
    /// The store knows all evictions up to this one.
    told: AtomicU64,
    /// Whether the store may have missed one.
    has_missed: AtomicBool,
    /// It is left alone until then.
    away_until: Mutex<Option<Instant>>,
    back_off: Duration,
    max_age: Duration,
    max_piece_bytes: usize,
    writes: Arc<Semaphore>,
}

/// What was found in the second level.
pub(super) struct Looked {
    /// When a fetch for what is missing begins.
    pub(super) moment: SharedMoment,
    /// For each key.
    pub(super) pieces: Vec<Option<Piece>>,
    /// The time of the store and of this process when it was asked.
    clock: (u64, Instant),
}

impl SecondLevel {
    /// The second level in Redis. Needs a runtime.
    pub(super) fn in_redis(config: &CacheRedisConfig, max_marks: usize) -> Result<Self, SharedStoreError> {
        let store = RedisStore::new(config, max_marks)?;
        let (evictions, untold) = mpsc::unbounded_channel();
        let inner = Arc::new(Inner {
            store: Box::new(store),
            evictions,
            told: AtomicU64::new(0),
            has_missed: AtomicBool::new(false),
            away_until: Mutex::new(None),
            back_off: config.back_off(),
            max_age: config.max_age(),
            max_piece_bytes: config.max_piece_bytes,
            writes: Arc::new(Semaphore::new(MAX_WRITES)),
        });
        tokio::spawn(tell(Arc::downgrade(&inner), untold));
        Ok(Self(inner))
    }

    /// Everything that this process has evicted up to here is known to the store.
    pub(super) fn told(&self) -> Moment {
        self.0.told.load(Ordering::Acquire)
    }

    /// Tells the store what was evicted at `moment`, soon. Moments must come in order.
    pub(super) fn evict(&self, moment: Moment, eviction: Evicted<'_>) {
        let eviction = match eviction {
            Evicted::Reading(reading) => Eviction::Reading(reading.clone()),
            Evicted::Floor(caller) => Eviction::Floor(caller),
            Evicted::All => Eviction::All,
        };
        // It ends with this value alone.
        let _ = self.0.evictions.send((moment, eviction));
    }

    /// Looks for pieces, which are as good as fetched at `began`: what the store was told by then. `None` when it is of
    /// no use at the moment.
    pub(super) async fn look(&self, keys: &[KeyRef<'_>], (began, floor): (Moment, u64)) -> Option<Looked> {
        if !self.is_there() {
            return None;
        }
        let keys: Vec<SharedKey> = keys.iter().map(record::shared_key).collect();
        let asked = Instant::now();
        let found = self.0.store.find(&keys, floor).await;
        metrics::histogram!("selvedge_cache_second_level_duration_seconds").record(asked.elapsed());
        let Found { moment, now_us, records } = found.map_err(|error| self.0.failed(&error)).ok()?;
        if self.0.has_missed.load(Ordering::Acquire) {
            return None;
        }
        let piece = |record: Record| piece(record, began, (now_us, asked));
        let pieces: Vec<Option<Piece>> = records.into_iter().map(|record| record.and_then(piece)).collect();
        let hits = pieces.iter().flatten().count();
        count("hit", hits);
        count("miss", pieces.len() - hits);
        Some(Looked { moment, pieces, clock: (now_us, asked) })
    }

    /// Keeps what was fetched after a look, some time from now.
    pub(super) fn keep(&self, looked: &Looked, pieces: &[(KeyRef<'_>, &Piece)]) {
        let (now_us, asked) = looked.clock;
        if pieces.is_empty() || asked.elapsed() > MAX_FETCH || !self.is_there() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.0.writes).try_acquire_owned() else { return count("busy", pieces.len()) };
        let latest = Instant::now() + self.0.max_age;
        let records = pieces.iter().filter_map(|(key, piece)| {
            let PieceFreshness { since, until, is_private, .. } = piece.freshness;
            let value = record::encode(piece.parts(), is_private);
            if value.len() > self.0.max_piece_bytes {
                count("too_large", 1);
                return None;
            }
            let age_us = microseconds(asked.saturating_duration_since(since));
            let since_us = now_us.saturating_sub(age_us) + microseconds(since.saturating_duration_since(asked));
            let until_us = now_us + microseconds(until.min(latest).saturating_duration_since(asked));
            let readings = piece.readings.to_vec();
            Some((record::shared_key(key), Record { readings, since_us, until_us, value }))
        });
        let records: Vec<_> = records.collect();
        let (inner, began) = (Arc::clone(&self.0), looked.moment);
        tokio::spawn(async move {
            match inner.store.keep(began, &records).await {
                Ok(kept) => {
                    count("kept", kept);
                    count("late", records.len().saturating_sub(kept));
                }
                Err(error) => inner.failed(&error),
            }
            drop(permit);
        });
    }

    fn is_there(&self) -> bool {
        let is_away = self.0.away_until.lock().is_some_and(|until| Instant::now() < until);
        !is_away && !self.0.has_missed.load(Ordering::Acquire)
    }
}

/// What is to be told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Evicted<'a> {
    /// Whatever has read this has ended.
    Reading(&'a Reading),
    /// One caller is given nothing from before.
    Floor(u64),
    /// Everything has ended.
    All,
}

impl Inner {
    fn failed(&self, error: &SharedStoreError) {
        count("failed", 1);
        let mut away_until = self.away_until.lock();
        let now = Instant::now();
        if away_until.is_none_or(|until| until <= now) {
            tracing::warn!(%error, "answers are kept in the first level of the cache alone for a while");
        }
        *away_until = Some(now + self.back_off);
    }
}

/// Tells the store of evictions as long as there is somebody who could evict.
async fn tell(inner: std::sync::Weak<Inner>, mut untold: mpsc::UnboundedReceiver<(Moment, Eviction)>) {
    let mut batch = Vec::with_capacity(BATCH);
    while untold.recv_many(&mut batch, BATCH).await > 0 {
        let Some(inner) = inner.upgrade() else { return };
        let mut last = batch.last().map_or(0, |(moment, _)| *moment);
        let mut evictions: Vec<Eviction> = batch.drain(..).map(|(_, eviction)| eviction).collect();
        while let Err(error) = inner.store.evict(&evictions).await {
            // What it was not told it must not give to anyone, here or elsewhere.
            inner.has_missed.store(true, Ordering::Release);
            inner.failed(&error);
            tokio::time::sleep(inner.back_off).await;
            while let Ok((moment, _)) = untold.try_recv() {
                last = moment;
            }
            evictions = vec![Eviction::All];
        }
        inner.told.store(last, Ordering::Release);
        inner.has_missed.store(false, Ordering::Release);
    }
}

/// A piece as this process keeps it: as old as what the store had been told.
fn piece(record: Record, began: Moment, (now_us, asked): (u64, Instant)) -> Option<Piece> {
    let Record { readings, since_us, until_us, value } = record;
    let (parts, is_private) = record::decode(value)?;
    let age = Duration::from_micros(now_us.saturating_sub(since_us));
    let freshness = PieceFreshness {
        since: asked.checked_sub(age).unwrap_or(asked),
        until: asked + Duration::from_micros(until_us.saturating_sub(now_us)),
        is_private,
        // Whoever keeps it here decides.
        is_followed: true,
    };
    Some(Piece::new(parts, readings.into(), began, freshness))
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn count(outcome: &'static str, count: usize) {
    if count > 0 {
        metrics::counter!("selvedge_cache_second_level_total", "outcome" => outcome).increment(count as u64);
    }
}
