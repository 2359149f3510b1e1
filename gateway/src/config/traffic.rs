//! How the traffic to one subgraph is shaped.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the traffic of clients is shaped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficConfig {
    /// Whether identical queries that are under way at the same time share one response.
    pub deduplicate_requests: bool,
}

/// How often a query is tried again.
///
/// Only queries, and only what failed before the subgraph's answer began or with the HTTP status 502, 503 or 504.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// How often one query is tried again at most; 0 never.
    #[schemars(range(max = 10))]
    pub max_retries: u32,
    /// How many retries there may be for 100 requests, over the last 10 s.
    #[schemars(range(max = 100))]
    pub budget_percent: u32,
    /// How many retries a second there may be in any case.
    #[schemars(range(max = 1000))]
    pub budget_min_per_s: u32,
    /// The pause before the first retry, in milliseconds; doubled for each that follows, and a random part of it.
    pub backoff_ms: u64,
    /// The longest such pause, in milliseconds.
    pub max_backoff_ms: u64,
    /// The longest `retry-after` of a subgraph that is waited for, in milliseconds; a longer one ends the retrying.
    pub max_retry_after_ms: u64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_retries: 2,
            budget_percent: 20,
            budget_min_per_s: 10,
            backoff_ms: 20,
            max_backoff_ms: 1_000,
            max_retry_after_ms: 2_000,
        }
    }
}

/// When a failing subgraph is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CircuitBreakerConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// How many of 100 trips must fail for the circuit to open.
    #[schemars(range(min = 1, max = 100))]
    pub failure_percent: u32,
    /// Over how long trips are counted, in milliseconds.
    #[schemars(range(min = 100))]
    pub window_ms: u64,
    /// How many trips there must have been in that time.
    #[schemars(range(min = 1))]
    pub min_requests: u32,
    /// How long the circuit stays open before it is probed, in milliseconds.
    #[schemars(range(min = 1))]
    pub open_ms: u64,
    /// How many probes must succeed, one after the other or side by side, for the circuit to close.
    #[schemars(range(min = 1))]
    pub probes: u32,
}

impl Default for CircuitBreakerConfig {
    fn default() -> Self {
        Self { enabled: true, failure_percent: 80, window_ms: 10_000, min_requests: 20, open_ms: 5_000, probes: 3 }
    }
}

impl CircuitBreakerConfig {
    /// Over how long trips are counted.
    #[must_use]
    pub const fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms)
    }

    /// How long the circuit stays open before it is probed.
    #[must_use]
    pub const fn open(&self) -> Duration {
        Duration::from_millis(self.open_ms)
    }
}

/// How many requests a subgraph gets at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConcurrencyConfig {
    /// How many requests may be under way; absent: any number.
    #[schemars(range(min = 1))]
    pub max_requests: Option<usize>,
    /// How many more may wait for their turn; what comes then is refused at once.
    pub max_waiting: usize,
    /// How long they may wait, in milliseconds.
    pub max_wait_ms: u64,
}

impl Default for ConcurrencyConfig {
    fn default() -> Self {
        Self { max_requests: None, max_waiting: 1_000, max_wait_ms: 500 }
    }
}

/// A form of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// Brotli, RFC 7932.
    Br,
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Encoding {
    /// Its name in headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// What is compressed on the way to a subgraph and back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionConfig {
    /// In which forms answers are asked for, the best first; what comes compressed is read in any case.
    pub accept: Vec<Encoding>,
    /// In which form request bodies are sent; the subgraph must understand it.
    pub request: Option<Encoding>,
    /// Smaller request bodies are sent as they are, in bytes.
    pub min_request_bytes: usize,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self { accept: Vec::new(), request: None, min_request_bytes: 1_024 }
    }
}
