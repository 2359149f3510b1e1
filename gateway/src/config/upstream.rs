//! How subscriptions reach one subgraph.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, SubgraphAddress};

/// In which protocol a subgraph serves subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionProtocol {
    /// WebSocket, subprotocol `graphql-transport-ws`; many subscriptions on one connection.
    #[default]
    GraphqlTransportWs,
    /// WebSocket, the older subprotocol `graphql-ws` of subscriptions-transport-ws; many on one connection.
    GraphqlWs,
    /// Server-sent events, distinct connections mode of graphql-sse: one HTTP request for each.
    Sse,
    /// `multipart/mixed; subscriptionSpec=1.0`: one HTTP request for each.
    Multipart,
}

/// What happens when the identity ends that a WebSocket was opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityRenewal {
    /// A fresh one is sent along with a `ping` of the protocol, before the old one ends.
    #[default]
    InBand,
    /// Subscriptions move to a connection that was opened with a fresh one, before the old one ends.
    Reconnect,
}

/// How subscriptions reach one subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphSubscriptionConfig {
    /// In which protocol.
    pub protocol: SubscriptionProtocol,
    /// The address, where it is another one than for queries: `ws://`, `wss://` or as for queries.
    pub url: Option<String>,
    /// The path, where only that differs from the address for queries.
    pub path: Option<String>,
    /// How many subscriptions share one WebSocket; those beyond get another.
    #[schemars(range(min = 1))]
    pub max_operations: usize,
    /// How many events of one subscription may wait in the gateway; beyond, it is ended with an error.
    #[schemars(range(min = 1))]
    pub max_pending: usize,
    /// How long a WebSocket without subscriptions stays open, in milliseconds.
    pub linger_ms: u64,
    /// How long the handshake and `connection_ack` may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub opening_timeout_ms: u64,
    /// After how much silence a WebSocket is pinged, in milliseconds.
    #[schemars(range(min = 1))]
    pub heartbeat_ms: u64,
    /// How long the answer to a ping may take before the WebSocket counts as broken, in milliseconds.
    #[schemars(range(min = 1))]
    pub heartbeat_timeout_ms: u64,
    /// The pause before a subgraph that could not be reached is tried again, in milliseconds; doubled each time.
    #[schemars(range(min = 1))]
    pub backoff_ms: u64,
    /// The longest such pause, in milliseconds.
    #[schemars(range(min = 1))]
    pub max_backoff_ms: u64,
    /// How many WebSockets may be opened at a time.
    #[schemars(range(min = 1))]
    pub max_connecting: usize,
    /// How many subscriptions are started in a second; those beyond wait for their turn.
    #[schemars(range(min = 1))]
    pub max_starts_per_s: u32,
    /// What happens when the identity ends that a WebSocket was opened with.
    pub identity_renewal: IdentityRenewal,
}

impl Default for SubgraphSubscriptionConfig {
    fn default() -> Self {
        Self {
            protocol: SubscriptionProtocol::GraphqlTransportWs,
            url: None,
            path: None,
            max_operations: 1_000,
            max_pending: 256,
            linger_ms: 5_000,
            opening_timeout_ms: 3_000,
            heartbeat_ms: 10_000,
            heartbeat_timeout_ms: 5_000,
            backoff_ms: 100,
            max_backoff_ms: 2_000,
            max_connecting: 32,
            max_starts_per_s: 5_000,
            identity_renewal: IdentityRenewal::InBand,
        }
    }
}

impl SubgraphSubscriptionConfig {
    /// How long a WebSocket without subscriptions stays open.
    #[must_use]
    pub const fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }

    /// How long the handshake and `connection_ack` may take.
    #[must_use]
    pub const fn opening_timeout(&self) -> Duration {
        Duration::from_millis(self.opening_timeout_ms)
    }

    /// After how much silence a WebSocket is pinged.
    #[must_use]
    pub const fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }

    /// How long the answer to a ping may take.
    #[must_use]
    pub const fn heartbeat_timeout(&self) -> Duration {
        Duration::from_millis(self.heartbeat_timeout_ms)
    }

    /// Where subscriptions go to, when queries go to `queries`.
    ///
    /// # Errors
    ///
    /// What the address must be instead.
    pub fn address(&self, queries: &SubgraphAddress) -> Result<SubgraphAddress, String> {
        match (&self.url, &self.path) {
            (Some(url), _) => subscription_address(url),
            (None, Some(path)) => queries.with_path(path),
            (None, None) => Ok(queries.clone()),
        }
    }

    pub(super) fn validate(&self, key: &str, is_for_all: bool) -> Result<(), ConfigError> {
        if let Some(url) = &self.url {
            let key = format!("{key}.url");
            if is_for_all {
                return Err(ConfigError::wrong(key, "must stand in the entry of one subgraph, not in that for all"));
            }
            if self.path.is_some() {
                return Err(ConfigError::wrong(key, "must be absent when there is a `path`; keep one of the two"));
            }
            subscription_address(url).map_err(|problem| ConfigError::wrong(key, problem))?;
        }
        if self.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err(ConfigError::wrong(format!("{key}.path"), "must begin with `/`"));
        }
        Ok(())
    }
}

/// The address for subscriptions, which begin as HTTP whatever the scheme says.
fn subscription_address(url: &str) -> Result<SubgraphAddress, String> {
    match (url.strip_prefix("ws://"), url.strip_prefix("wss://")) {
        (Some(rest), _) => SubgraphAddress::parse(&format!("http://{rest}")),
        (_, Some(rest)) => SubgraphAddress::parse(&format!("https://{rest}")),
        (None, None) => SubgraphAddress::parse(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_may_go_elsewhere() {
        let queries = SubgraphAddress::parse("http://a:1/graphql").unwrap();
        let of = |url: Option<&str>, path: Option<&str>| {
            let config = SubgraphSubscriptionConfig {
                url: url.map(str::to_owned),
                path: path.map(str::to_owned),
                ..SubgraphSubscriptionConfig::default()
            };
            config.address(&queries).map(|address| address.uri.to_string())
        };
        assert_eq!(of(None, None).unwrap(), "http://a:1/graphql");
        assert_eq!(of(None, Some("/live?x=1")).unwrap(), "http://a:1/live?x=1");
        assert_eq!(of(Some("ws://b/live"), None).unwrap(), "http://b/live");
        assert_eq!(of(Some("wss://b/live"), None).unwrap(), "https://b/live");
        assert_eq!(of(Some("https://b"), None).unwrap(), "https://b/");
        assert!(of(Some("ftp://b"), None).unwrap_err().contains("ftp://b"));
    }
}
