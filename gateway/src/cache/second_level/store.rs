//! What a second level is to the first.

use async_trait::async_trait;
use bytes::Bytes;

use super::super::tag::Reading;

/// A moment, as the second level counts evictions.
pub(in super::super) type SharedMoment = u64;

/// What a piece is found by: a digest of all of its question, so that nobody who looks into the store learns who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct SharedKey(pub(super) [u8; 32]);

/// A piece, as it is written and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) readings: Vec<Reading>,
    /// By the store's own clock, in microseconds.
    pub(super) since_us: u64,
    pub(super) until_us: u64,
    pub(super) value: Bytes,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// When a fetch begins that is made for what is missing.
    pub(super) moment: SharedMoment,
    /// By the store's own clock, in microseconds.
    pub(super) now_us: u64,
    /// For each key.
    pub(super) records: Vec<Option<Record>>,
}

/// What is no longer true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Eviction {
    /// Whatever has read this.
    Reading(Reading),
    /// For one caller, whatever was asked for before.
    Floor(u64),
    /// All of it.
    All,
}

/// Why the second level was of no use.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum SharedStoreError {
    #[error("the second level of the cache cannot be reached: {reason}")]
    Unavailable { reason: String },
    #[error("the second level of the cache did not answer within {timeout_ms} ms")]
    Timeout { timeout_ms: u64 },
    #[error("the second level of the cache answered what is not understood")]
    NotUnderstood,
}

/// A store that gateways share. It judges every piece that it gives and takes by the evictions that it knows, in one
/// step: what has read anything that was evicted after its fetch began is neither given nor taken.
#[async_trait]
pub(super) trait SharedStore: Send + Sync + 'static {
    /// The pieces of these keys, for a caller with this floor.
    async fn find(&self, keys: &[SharedKey], floor: u64) -> Result<Found, SharedStoreError>;

    /// Keeps pieces whose fetch began at `began`; gives how many it took.
    async fn keep(&self, began: SharedMoment, pieces: &[(SharedKey, Record)]) -> Result<usize, SharedStoreError>;

    /// Ends what is no longer true. When it returns, none of it is given to anyone.
    async fn evict(&self, evictions: &[Eviction]) -> Result<(), SharedStoreError>;
}
