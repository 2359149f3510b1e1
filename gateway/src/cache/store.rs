//! Kept pieces, bounded by their bytes.

use std::{cell::Cell, sync::Arc};

use ahash::RandomState;
use quick_cache::{Lifecycle, sync::Cache};
use tokio::time::Instant;

use super::piece::{ByBytes, Key, KeyRef, Piece};

/// What a piece takes on average, to begin with; the store adapts.
const EXPECTED_PIECE_BYTES: u64 = 1_024;

/// Counts what has to go for want of room.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountCrowdedOut;

impl Lifecycle<Key, Arc<Piece>> for CountCrowdedOut {
    /// Dropped once the store's lock is released.
    type RequestState = Vec<(Key, Arc<Piece>)>;

    fn on_evict(&self, dropped: &mut Self::RequestState, key: Key, piece: Arc<Piece>) {
        metrics::counter!("selvedge_cache_dropped_total", "why" => "full").increment(1);
        dropped.push((key, piece));
    }
}

/// The store.
#[derive(Debug)]
pub(super) struct Store(Cache<Key, Arc<Piece>, ByBytes, RandomState, CountCrowdedOut>);

impl Store {
    pub(super) fn new(max_bytes: u64) -> Self {
        let expected = usize::try_from(max_bytes / EXPECTED_PIECE_BYTES).unwrap_or(usize::MAX).clamp(64, 1 << 20);
        Self(Cache::with(expected, max_bytes, ByBytes, RandomState::new(), CountCrowdedOut))
    }

    pub(super) fn get(&self, key: &KeyRef<'_>) -> Option<Arc<Piece>> {
        self.0.get(key)
    }

    pub(super) fn insert(&self, key: Key, piece: Arc<Piece>) {
        self.0.insert(key, piece);
    }

    /// Removes this very piece.
    pub(super) fn remove(&self, key: &KeyRef<'_>, piece: &Arc<Piece>) {
        self.0.remove_if(key, |kept| Arc::ptr_eq(kept, piece));
    }

    /// Drops what has run out and what is not true; returns how many were untrue.
    pub(super) fn sweep(&self, now: Instant, is_true: impl Fn(&Piece) -> bool) -> u64 {
        let untrue = Cell::new(0);
        self.0.retain(|_, piece| {
            if piece.freshness.until <= now {
                return false;
            }
            let is_true = is_true(piece);
            untrue.set(untrue.get() + u64::from(!is_true));
            is_true
        });
        untrue.get()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.weight()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
