//! How to talk to subgraphs.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    CircuitBreakerConfig, CompressionConfig, ConcurrencyConfig, ConfigError, HeadersConfig, RetryConfig,
    SubgraphAddress, SubgraphSubscriptionConfig, TlsConfig,
};

/// The HTTP version towards a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HttpVersion {
    /// Over TLS the best that the subgraph offers, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 with kept connections.
    Http1,
    /// HTTP/2; without TLS by prior knowledge (h2c).
    Http2,
}

/// How to talk to one subgraph, with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphConfig {
    /// How long a whole answer may take, retries included, in milliseconds; of a subscription, its start.
    #[schemars(range(min = 1))]
    pub timeout_ms: u64,
    /// How long connecting may take, TLS included, in milliseconds.
    #[schemars(range(min = 1))]
    pub connect_timeout_ms: u64,
    /// The largest answer, decompressed, in bytes.
    #[schemars(range(min = 1))]
    pub max_response_bytes: usize,
    /// How many idle connections are kept.
    pub pool_max_idle: usize,
    /// How long an idle connection is kept, in milliseconds.
    pub pool_idle_timeout_ms: u64,
    /// HTTP/1.1 or HTTP/2.
    pub http_version: HttpVersion,
    /// Whether identical queries that are under way at the same time for the same caller share one answer.
    pub deduplicate: bool,
    /// Which headers go on, and which come back.
    pub headers: HeadersConfig,
    /// TLS, when the address is `https://`.
    pub tls: TlsConfig,
    /// How often a query is tried again.
    pub retry: RetryConfig,
    /// When a failing subgraph is left alone for a while.
    pub circuit_breaker: CircuitBreakerConfig,
    /// How many requests it gets at a time.
    pub concurrency: ConcurrencyConfig,
    /// What is compressed.
    pub compression: CompressionConfig,
    /// How subscriptions reach it.
    pub subscription: SubgraphSubscriptionConfig,
}

impl Default for SubgraphConfig {
    fn default() -> Self {
        Self {
            timeout_ms: 5_000,
            connect_timeout_ms: 1_000,
            max_response_bytes: 16 * 1024 * 1024,
            pool_max_idle: 64,
            pool_idle_timeout_ms: 60_000,
            http_version: HttpVersion::Auto,
            deduplicate: true,
            headers: HeadersConfig::default(),
            tls: TlsConfig::default(),
            retry: RetryConfig::default(),
            circuit_breaker: CircuitBreakerConfig::default(),
            concurrency: ConcurrencyConfig::default(),
            compression: CompressionConfig::default(),
            subscription: SubgraphSubscriptionConfig::default(),
        }
    }
}

impl SubgraphConfig {
    /// How long a whole answer may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// How long connecting may take.
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }
}

/// One subgraph with an entry of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnSubgraphConfig {
    /// Where it is served, instead of the address in the supergraph.
    #[serde(default)]
    pub url: Option<String>,
    /// How to talk to it; what its entry leaves out is as in `subgraphs.default`.
    #[serde(flatten)]
    pub config: SubgraphConfig,
}

/// How to talk to subgraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
#[schemars(!try_from, deny_unknown_fields)]
pub struct SubgraphsConfig {
    /// For every subgraph.
    #[serde(default)]
    pub default: SubgraphConfig,
    /// For the subgraph of this name.
    #[serde(default)]
    pub by_name: BTreeMap<String, OwnSubgraphConfig>,
}

/// The section as it is written: entries of one subgraph hold only what differs.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    default: SubgraphConfig,
    by_name: BTreeMap<String, Map<String, Value>>,
}

impl TryFrom<Written> for SubgraphsConfig {
    type Error = serde_json::Error;

    fn try_from(written: Written) -> Result<Self, serde_json::Error> {
        let default = serde_json::to_value(&written.default)?;
        let by_name = written.by_name.into_iter().map(|(name, mut entry)| {
            let url = entry.remove("url").map(serde_json::from_value).transpose()?.flatten();
            let mut whole = default.clone();
            overlay(&mut whole, Value::Object(entry), false);
            Ok((name, OwnSubgraphConfig { url, config: serde_json::from_value(whole)? }))
        });
        Ok(Self { by_name: by_name.collect::<Result<_, serde_json::Error>>()?, default: written.default })
    }
}

/// Puts `over` on `under`, section by section; lists and values are replaced, but header rules come after those that
/// hold for all.
fn overlay(under: &mut Value, over: Value, are_rules: bool) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                let are_rules = key == "headers" || are_rules;
                overlay(under.entry(key).or_insert(Value::Null), value, are_rules);
            }
        }
        (Value::Array(under), Value::Array(over)) if are_rules => under.extend(over),
        (under, over) => *under = over,
    }
}

impl SubgraphsConfig {
    /// What holds for the subgraph `name`.
    #[must_use]
    pub fn for_subgraph(&self, name: &str) -> &SubgraphConfig {
        self.by_name.get(name).map_or(&self.default, |own| &own.config)
    }

    /// The configured address of the subgraph `name`, if it differs from the supergraph's.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).and_then(|own| own.url.as_deref())
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let for_all = &self.default.headers;
        self.default.tls.validate("subgraphs.default.tls")?;
        for_all.validate("subgraphs.default.headers", (0, 0))?;
        self.default.subscription.validate("subgraphs.default.subscription", true)?;
        for (name, own) in &self.by_name {
            let key = format!("subgraphs.by_name.{name}");
            if let Some(url) = &own.url {
                check_url(&format!("{key}.url"), url)?;
            }
            own.config.tls.validate(&format!("{key}.tls"))?;
            let rules_for_all = (for_all.request.len(), for_all.response.len());
            own.config.headers.validate(&format!("{key}.headers"), rules_for_all)?;
            own.config.subscription.validate(&format!("{key}.subscription"), false)?;
        }
        Ok(())
    }
}

pub(super) fn check_url(key: &str, url: &str) -> Result<(), ConfigError> {
    SubgraphAddress::parse(url).map(|_| ()).map_err(|problem| ConfigError::wrong(key, problem))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_changes_only_what_it_says() {
        let config: SubgraphsConfig = serde_json::from_value(json!({
            "default": { "timeout_ms": 7, "retry": { "max_retries": 5, "backoff_ms": 3 } },
            "by_name": { "a": { "url": "http://a", "retry": { "max_retries": 0 }, "deduplicate": false } },
        }))
        .unwrap();
        let own = config.for_subgraph("a");
        assert_eq!((own.timeout_ms, own.retry.max_retries, own.retry.backoff_ms), (7, 0, 3));
        assert!(!own.deduplicate && config.for_subgraph("b").deduplicate);
        assert_eq!((config.url("a"), config.url("b")), (Some("http://a"), None));
        assert_eq!(config.for_subgraph("b").retry.max_retries, 5);
        let again: SubgraphsConfig = serde_json::from_value(serde_json::to_value(&config).unwrap()).unwrap();
        assert_eq!(again, config);
    }
}
