//! Where a key set comes from, and when it is read again.

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use bytes::Bytes;
use jsonwebtoken::Algorithm;
use tokio::{sync::Mutex, time::Instant};

use super::{error::KeySetError, keys::KeySet};
use crate::{config::JwtConfig, subgraph::fetch_document};

/// An unknown key id may be asked for by anyone, so it makes the set be read at most this often.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_SET_BYTES: usize = 1024 * 1024;

enum Location {
    File(PathBuf),
    Url(String),
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Url(url) => formatter.write_str(url),
        }
    }
}

/// A key set that follows its source: read again when it is old, and when a token names a key that it lacks. While
/// the source fails, the last good set stays in use.
pub(super) struct Jwks {
    location: Location,
    refresh: Duration,
    keys: ArcSwap<KeySet>,
    /// When the source was last asked; held while it is being asked.
    asked_at: Mutex<Option<Instant>>,
}

impl Jwks {
    pub(super) fn new(config: &JwtConfig) -> Option<Self> {
        let location = match (&config.jwks_file, &config.jwks_url) {
            (Some(path), _) => Location::File(path.clone()),
            (None, Some(url)) => Location::Url(url.clone()),
            (None, None) => return None,
        };
        let refresh = Duration::from_secs(config.jwks_refresh_s);
        Some(Self { location, refresh, keys: ArcSwap::default(), asked_at: Mutex::new(None) })
    }

    /// The set that has the key `id` for `algorithm`, read again if need be.
    pub(super) async fn with_key(&self, id: Option<&str>, algorithm: Algorithm) -> Arc<KeySet> {
        let known = self.keys.load_full();
        let has_key = known.find(id, algorithm).is_some();
        if has_key {
            // Someone else who is reading it again does not hold up a token whose key is known.
            if let Ok(asked_at) = self.asked_at.try_lock() {
                self.read_if_older(asked_at, self.refresh).await;
            }
        } else {
            self.read_if_older(self.asked_at.lock().await, MIN_INTERVAL.min(self.refresh)).await;
        }
        self.keys.load_full()
    }

    async fn read_if_older(&self, mut asked_at: tokio::sync::MutexGuard<'_, Option<Instant>>, age: Duration) {
        if asked_at.is_some_and(|last| last.elapsed() < age) {
            return;
        }
        match self.read().await {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => tracing::warn!(%error, "token keys were not refreshed, the last ones stay in use"),
        }
        *asked_at = Some(Instant::now());
    }

    async fn read(&self) -> Result<KeySet, KeySetError> {
        let failed = |reason: String| KeySetError { location: self.location.to_string(), reason };
        let json = match &self.location {
            Location::File(path) => {
                Bytes::from(tokio::fs::read(path).await.map_err(|error| failed(error.to_string()))?)
            }
            Location::Url(url) => {
                fetch_document(url, MAX_SET_BYTES, FETCH_TIMEOUT).await.map_err(|error| failed(error.to_string()))?
            }
        };
        KeySet::read(&json).map_err(|error| failed(error.to_string()))
    }
}
