//! Remembered answers of subgraphs.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Who may be given an answer that was made for someone else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// Everyone.
    Public,
    /// Nobody; of callers without identity, one another.
    #[default]
    Private,
}

/// What differs for the answers of one subgraph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSubgraphConfig {
    /// Whether its answers are kept; when absent, they are.
    pub enabled: Option<bool>,
    /// None of its answers is kept longer, in seconds.
    pub max_age_s: Option<u64>,
    /// How long entities are kept where it does not say, in seconds.
    pub entity_max_age_s: Option<u64>,
    /// Whose its answers are where it does not say.
    pub implicit_scope: Option<CacheScope>,
}

/// What differs for answers that read an entity of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheTypeConfig {
    /// Whether they are kept; when absent, they are.
    pub enabled: Option<bool>,
    /// None of them is kept longer, in seconds.
    pub max_age_s: Option<u64>,
    /// The field that holds the entity's revision, an integer that grows with every change and that its events carry.
    pub revision_field: Option<String>,
}

/// A second level of remembered answers, in Redis, which gateways share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheRedisConfig {
    /// `redis://…`, of one server (no cluster).
    pub url: String,
    /// Keys begin with it. Gateways share what has the same one: they must serve the same subgraphs.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// No longer is waited for it, in milliseconds.
    #[serde(default = "timeout_ms")]
    #[schemars(range(min = 1))]
    pub timeout_ms: u64,
    /// After a failure it is left alone for so long, in milliseconds.
    #[serde(default = "back_off_ms")]
    #[schemars(range(min = 1))]
    pub back_off_ms: u64,
    /// Nothing is kept there longer, in seconds.
    #[serde(default = "shared_max_age_s")]
    pub max_age_s: u64,
    /// Larger answers (of one entity, or of the root fields of a fetch) are not kept there, in bytes.
    #[serde(default = "max_piece_bytes")]
    pub max_piece_bytes: usize,
}

fn prefix() -> String {
    "selvedge-cache".to_owned()
}

const fn timeout_ms() -> u64 {
    50
}

const fn back_off_ms() -> u64 {
    1_000
}

const fn shared_max_age_s() -> u64 {
    3_600
}

const fn max_piece_bytes() -> usize {
    256 * 1024
}

impl CacheRedisConfig {
    /// With the usual settings.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: prefix(),
            timeout_ms: timeout_ms(),
            back_off_ms: back_off_ms(),
            max_age_s: shared_max_age_s(),
            max_piece_bytes: max_piece_bytes(),
        }
    }

    /// No longer is waited for it.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// After a failure it is left alone for so long.
    #[must_use]
    pub const fn back_off(&self) -> Duration {
        Duration::from_millis(self.back_off_ms)
    }

    /// Nothing is kept there longer.
    #[must_use]
    pub const fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_s)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let scheme = self.url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !matches!(scheme, "redis" | "redis+unix" | "unix") {
            return Err(ConfigError::wrong("cache.redis.url", "is not like `redis://host:port`"));
        }
        if self.prefix.is_empty() {
            return Err(ConfigError::wrong("cache.redis.prefix", "must not be empty"));
        }
        for (key, value) in [("timeout_ms", self.timeout_ms), ("back_off_ms", self.back_off_ms)] {
            if !(1..=60_000).contains(&value) {
                return Err(ConfigError::wrong(format!("cache.redis.{key}"), "must be from 1 to 60000"));
            }
        }
        if self.max_age_s > shared_max_age_s() {
            let message = format!("must be at most {}", shared_max_age_s());
            return Err(ConfigError::wrong("cache.redis.max_age_s", message));
        }
        Ok(())
    }
}

/// Remembered answers of subgraphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Whether answers are kept; when absent, they are not.
    pub enabled: Option<bool>,
    /// How much memory kept answers may take, in bytes, about.
    #[schemars(range(min = 1))]
    pub max_bytes: u64,
    /// No answer is kept longer, in seconds.
    pub max_age_s: u64,
    /// How long entities are kept where neither answer nor schema say, in seconds.
    pub entity_max_age_s: u64,
    /// Whose an answer is where neither the answer nor the schema say.
    pub implicit_scope: CacheScope,
    /// For the subgraph of this name.
    pub subgraphs: BTreeMap<String, CacheSubgraphConfig>,
    /// For answers that read an entity of this type.
    pub types: BTreeMap<String, CacheTypeConfig>,
    /// How many evictions are remembered one by one; with more at a time, everything is evicted.
    #[schemars(range(min = 1))]
    pub max_marks: usize,
    /// Whether clients are told how long their answers stay true (`cache-control`, `age`).
    pub client_headers: bool,
    /// Whether `POST /cache/evict` on the admin address evicts entities.
    pub webhook: bool,
    /// A second level that gateways share; when absent, each keeps its own.
    pub redis: Option<CacheRedisConfig>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            max_bytes: 64 * 1024 * 1024,
            max_age_s: 3_600,
            entity_max_age_s: 0,
            implicit_scope: CacheScope::Private,
            subgraphs: BTreeMap::new(),
            types: BTreeMap::new(),
            max_marks: 200_000,
            client_headers: true,
            webhook: false,
            redis: None,
        }
    }
}

impl CacheConfig {
    /// Whether answers are kept.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or_default()
    }

    /// The longest that any answer is kept.
    #[must_use]
    pub const fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_s)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        const LONGEST_S: u64 = 7 * 24 * 3_600;
        if self.max_age_s > LONGEST_S {
            return Err(ConfigError::wrong("cache.max_age_s", format!("must be at most {LONGEST_S}")));
        }
        if self.webhook && !self.is_enabled() {
            return Err(ConfigError::wrong("cache.webhook", "is on while `cache.enabled` is not"));
        }
        if self.redis.is_some() && !self.is_enabled() {
            return Err(ConfigError::wrong("cache.redis", "is there while `cache.enabled` is not on"));
        }
        self.redis.as_ref().map_or(Ok(()), CacheRedisConfig::validate)
    }
}
