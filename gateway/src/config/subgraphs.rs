//! How to talk to subgraphs.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The HTTP version towards a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HttpVersion {
    /// HTTP/1.1 with kept connections.
    #[default]
    Http1,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
}

/// How to talk to one subgraph, with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphConfig {
    /// How long a whole answer may take, in milliseconds; of a subscription, its start.
    #[schemars(range(min = 1))]
    pub timeout_ms: u64,
    /// How long connecting may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub connect_timeout_ms: u64,
    /// The largest answer, in bytes.
    #[schemars(range(min = 1))]
    pub max_response_bytes: usize,
    /// How many idle connections are kept.
    pub pool_max_idle: usize,
    /// How long an idle connection is kept, in milliseconds.
    pub pool_idle_timeout_ms: u64,
    /// HTTP/1.1 or HTTP/2.
    pub http_version: HttpVersion,
}

impl Default for SubgraphConfig {
    fn default() -> Self {
        Self {
            timeout_ms: 5_000,
            connect_timeout_ms: 1_000,
            max_response_bytes: 16 * 1024 * 1024,
            pool_max_idle: 64,
            pool_idle_timeout_ms: 60_000,
            http_version: HttpVersion::Http1,
        }
    }
}

impl SubgraphConfig {
    /// How long a whole answer may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// What differs for one subgraph from `subgraphs.default`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphOverrides {
    /// Where it is served, instead of the address in the supergraph.
    pub url: Option<String>,
    /// How long a whole answer may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub timeout_ms: Option<u64>,
    /// How long connecting may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub connect_timeout_ms: Option<u64>,
    /// The largest answer, in bytes.
    #[schemars(range(min = 1))]
    pub max_response_bytes: Option<usize>,
    /// How many idle connections are kept.
    pub pool_max_idle: Option<usize>,
    /// How long an idle connection is kept, in milliseconds.
    pub pool_idle_timeout_ms: Option<u64>,
    /// HTTP/1.1 or HTTP/2.
    pub http_version: Option<HttpVersion>,
}

/// How to talk to subgraphs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubgraphsConfig {
    /// For every subgraph.
    pub default: SubgraphConfig,
    /// For the subgraph of this name.
    pub by_name: BTreeMap<String, SubgraphOverrides>,
}

impl SubgraphsConfig {
    /// What holds for the subgraph `name`.
    #[must_use]
    pub fn for_subgraph(&self, name: &str) -> SubgraphConfig {
        let default = self.default.clone();
        let Some(own) = self.by_name.get(name) else { return default };
        SubgraphConfig {
            timeout_ms: own.timeout_ms.unwrap_or(default.timeout_ms),
            connect_timeout_ms: own.connect_timeout_ms.unwrap_or(default.connect_timeout_ms),
            max_response_bytes: own.max_response_bytes.unwrap_or(default.max_response_bytes),
            pool_max_idle: own.pool_max_idle.unwrap_or(default.pool_max_idle),
            pool_idle_timeout_ms: own.pool_idle_timeout_ms.unwrap_or(default.pool_idle_timeout_ms),
            http_version: own.http_version.unwrap_or(default.http_version),
        }
    }

    /// The configured address of the subgraph `name`, if it differs from the supergraph's.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).and_then(|own| own.url.as_deref())
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        for (name, own) in &self.by_name {
            if let Some(url) = &own.url {
                check_url(&format!("subgraphs.by_name.{name}.url"), url)?;
            }
        }
        Ok(())
    }
}

pub(super) fn check_url(key: &str, url: &str) -> Result<(), ConfigError> {
    let uri = url.parse::<http::Uri>().ok().filter(|uri| uri.authority().is_some());
    match uri.as_ref().and_then(http::Uri::scheme_str) {
        Some("http") => Ok(()),
        Some("https") => Err(ConfigError::wrong(
            key,
            "uses https, which the gateway does not speak to subgraphs yet; put them on a private network and use http",
        )),
        _ => Err(ConfigError::wrong(key, format!("must be a URL like http://127.0.0.1:4001/graphql, not `{url}`"))),
    }
}
