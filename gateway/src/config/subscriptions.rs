//! Live data.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Live data over WebSocket and server-sent events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionsConfig {
    /// Whether subscriptions and WebSockets are served.
    pub enabled: bool,
    /// How long a client may take to send `connection_init`, in milliseconds.
    #[schemars(range(min = 1))]
    pub init_timeout_ms: u64,
    /// How often the gateway pings a silent connection, in milliseconds; after two unanswered ones it closes it.
    #[schemars(range(min = 100))]
    pub keep_alive_ms: u64,
    /// How long sending one message to a client may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub send_timeout_ms: u64,
    /// Over which time the live connections are closed at shutdown, each at a random moment, so that their clients do
    /// not all come back at once, in milliseconds.
    pub drain_ms: u64,
    /// How many operations may run on one connection.
    #[schemars(range(min = 1))]
    pub max_operations_per_connection: usize,
    /// How many live connections are served: WebSockets and streamed HTTP responses.
    #[schemars(range(min = 1))]
    pub max_connections: usize,
    /// How many of them one user may have; absent: any number.
    #[schemars(range(min = 1))]
    pub max_connections_per_user: Option<usize>,
    /// How many of them may come from one address, with IPv6 from one network of 64 bits; absent: any number, which is
    /// right behind a proxy, whose address all clients have.
    #[schemars(range(min = 1))]
    pub max_connections_per_address: Option<usize>,
    /// How many subscriptions are served.
    #[schemars(range(min = 1))]
    pub max_subscriptions: usize,
    /// How many of them one user may have; absent: any number.
    #[schemars(range(min = 1))]
    pub max_subscriptions_per_user: Option<usize>,
    /// How many of them may come from one address; absent: any number.
    #[schemars(range(min = 1))]
    pub max_subscriptions_per_address: Option<usize>,
    /// How many event streams may be reserved that nobody has opened yet.
    #[schemars(range(min = 1))]
    pub max_reserved_streams: usize,
    /// How long a reserved event stream waits for its client, in milliseconds.
    #[schemars(range(min = 1))]
    pub reservation_ms: u64,
    /// How many answers may wait for one slow client; with conflation, how many keys.
    #[schemars(range(min = 1))]
    pub max_pending: usize,
    /// Root field → the field of its payload whose value is the conflation key: a slow client gets only the newest
    /// answer of each key, and equal subscriptions share one upstream.
    pub conflate: BTreeMap<String, String>,
    /// Root fields whose payload is the same for every caller. A subscription to one of them is shared by all callers and
    /// runs as an anonymous one, unless other subgraphs add what the schema does not say to be public.
    pub public_fields: Vec<String>,
    /// How many keys one subscription to a field that events feed may name.
    #[schemars(range(min = 1))]
    pub max_keys_per_subscription: usize,
    /// How many keys subscriptions to such fields may listen to in all, each counted once for each that names it.
    #[schemars(range(min = 1))]
    pub max_keys: usize,
    /// How many of them may be of one user's subscriptions; absent: any number.
    #[schemars(range(min = 1))]
    pub max_keys_per_user: Option<usize>,
    /// How many of them may be of subscriptions from one address; absent: any number.
    #[schemars(range(min = 1))]
    pub max_keys_per_address: Option<usize>,
    /// How long one key may be, in bytes.
    #[schemars(range(min = 1))]
    pub max_key_bytes: usize,
    /// How many keys are asked for at a time, when a field that events feed needs to know what is true now.
    #[schemars(range(min = 1))]
    pub snapshot_keys: usize,
    /// The least time from one answer to a live query to the next, in milliseconds.
    #[schemars(range(min = 1, max = 60_000))]
    pub live_query_interval_ms: u64,
    /// How often that is asked for while events cannot be heard, in milliseconds.
    #[schemars(range(min = 10))]
    pub poll_when_deaf_ms: u64,
    /// How often an upstream that broke is tried again before clients get an error.
    pub upstream_attempts: u32,
    /// How long until the first new attempt, in milliseconds; doubled each time, up to 5 s.
    #[schemars(range(min = 1))]
    pub upstream_backoff_ms: u64,
}

impl Default for SubscriptionsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            init_timeout_ms: 3_000,
            keep_alive_ms: 12_000,
            send_timeout_ms: 20_000,
            drain_ms: 5_000,
            max_operations_per_connection: 100,
            max_connections: 100_000,
            max_connections_per_user: Some(1_000),
            max_connections_per_address: None,
            max_subscriptions: 1_000_000,
            max_subscriptions_per_user: Some(10_000),
            max_subscriptions_per_address: None,
            max_reserved_streams: 1_000,
            reservation_ms: 10_000,
            max_pending: 1_024,
            conflate: BTreeMap::new(),
            public_fields: Vec::new(),
            max_keys_per_subscription: 250,
            max_keys: 4_000_000,
            max_keys_per_user: Some(100_000),
            max_keys_per_address: None,
            max_key_bytes: 256,
            snapshot_keys: 250,
            live_query_interval_ms: 100,
            poll_when_deaf_ms: 1_000,
            upstream_attempts: 32,
            upstream_backoff_ms: 100,
        }
    }
}

impl SubscriptionsConfig {
    /// How long a client may take to send `connection_init`.
    #[must_use]
    pub const fn init_timeout(&self) -> Duration {
        Duration::from_millis(self.init_timeout_ms)
    }

    /// How often a silent connection is pinged.
    #[must_use]
    pub const fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }

    /// How long sending one message may take.
    #[must_use]
    pub const fn send_timeout(&self) -> Duration {
        Duration::from_millis(self.send_timeout_ms)
    }

    /// Over which time live connections are closed at shutdown.
    #[must_use]
    pub const fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// The least time from one answer to a live query to the next.
    #[must_use]
    pub const fn live_query_interval(&self) -> Duration {
        Duration::from_millis(self.live_query_interval_ms)
    }

    /// How long a reserved event stream waits for its client.
    #[must_use]
    pub const fn reservation(&self) -> Duration {
        Duration::from_millis(self.reservation_ms)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if !(1..=60_000).contains(&self.live_query_interval_ms) {
            return Err(ConfigError::wrong("subscriptions.live_query_interval_ms", "must be from 1 to 60000"));
        }
        for field in &self.public_fields {
            if !self.conflate.contains_key(field) {
                return Err(ConfigError::wrong(
                    "subscriptions.public_fields",
                    format!(
                        "names `{field}`, which has no key in `subscriptions.conflate`; only keyed streams can be shared"
                    ),
                ));
            }
        }
        Ok(())
    }
}
