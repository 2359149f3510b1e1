//! Where the supergraph comes from, and what happens when it changes.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Secret};

/// How often an address is asked, in milliseconds.
const ADDRESS_INTERVAL_MS: u64 = 10_000;
/// How often a file is looked at, in milliseconds.
const FILE_INTERVAL_MS: u64 = 500;

/// What is done with a new schema that breaks recorded operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BreakingChange {
    /// It is served, and told in the log and on the admin address.
    #[default]
    Warn,
    /// It is refused, and the schema before it served on.
    Refuse,
}

/// Where the supergraph comes from (one file, one address, or the subgraphs to compose it from), and what happens when
/// it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaConfig {
    /// A supergraph in the Apollo join form.
    pub supergraph_file: Option<PathBuf>,
    /// The address of a supergraph.
    pub supergraph_url: Option<String>,
    /// Headers of the requests to `supergraph_url`, such as the key of a schema registry.
    pub supergraph_headers: BTreeMap<String, Secret>,
    /// The subgraphs to compose.
    pub subgraphs: Vec<SchemaSubgraph>,
    /// Whether the source is followed after the start.
    pub watch: bool,
    /// How often the source is looked at, in milliseconds; when absent, files every 500 ms and addresses every 10 s. Up
    /// to a quarter more or less is left to chance.
    #[schemars(range(min = 10))]
    pub poll_interval_ms: Option<u64>,
    /// How long a file must have stayed as it is before it is read, in milliseconds, so that none is read half-written.
    pub settle_ms: u64,
    /// How long addresses that do not answer yet are asked again at the start, in milliseconds.
    pub start_timeout_ms: u64,
    /// The recorded operations of clients: a folder of `.graphql` files, or a manifest of trusted documents.
    pub operations: Option<PathBuf>,
    /// What is done with a new schema that breaks them.
    pub on_breaking_change: BreakingChange,
    /// How many operations, the most used first, are planned for a new schema before it is served.
    pub max_warmed_operations: usize,
    /// How long that may take, in milliseconds; the rest is planned when it is asked for.
    pub warm_timeout_ms: u64,
}

impl Default for SchemaConfig {
    fn default() -> Self {
        Self {
            supergraph_file: None,
            supergraph_url: None,
            supergraph_headers: BTreeMap::new(),
            subgraphs: Vec::new(),
            watch: true,
            poll_interval_ms: None,
            settle_ms: 200,
            start_timeout_ms: 30_000,
            operations: None,
            on_breaking_change: BreakingChange::Warn,
            max_warmed_operations: 256,
            warm_timeout_ms: 10_000,
        }
    }
}

/// One subgraph to compose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaSubgraph {
    /// Its name in the supergraph.
    pub name: String,
    /// Where it is served.
    pub url: String,
    /// Its SDL; when absent the running subgraph is asked for it.
    #[serde(default)]
    pub sdl_file: Option<PathBuf>,
}

impl SchemaConfig {
    /// How often files are looked at.
    #[must_use]
    pub fn file_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms.unwrap_or(FILE_INTERVAL_MS))
    }

    /// How often addresses are asked.
    #[must_use]
    pub fn address_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms.unwrap_or(ADDRESS_INTERVAL_MS))
    }

    /// How long a file must have stayed as it is before it is read.
    #[must_use]
    pub const fn settle_time(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    /// How long addresses that do not answer yet are asked again at the start.
    #[must_use]
    pub const fn start_timeout(&self) -> Duration {
        Duration::from_millis(self.start_timeout_ms)
    }

    /// How long planning for a new schema may take before it is served.
    #[must_use]
    pub const fn warm_timeout(&self) -> Duration {
        Duration::from_millis(self.warm_timeout_ms)
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let named = [
            ("schema.supergraph_file", self.supergraph_file.is_some()),
            ("schema.supergraph_url", self.supergraph_url.is_some()),
            ("schema.subgraphs", !self.subgraphs.is_empty()),
        ];
        let mut named = named.into_iter().filter_map(|(key, is_named)| is_named.then_some(key));
        if let (Some(first), Some(second)) = (named.next(), named.next()) {
            return Err(ConfigError::wrong(
                second,
                format!("must be absent when `{first}` is set; keep one of the two"),
            ));
        }
        if let Some(url) = &self.supergraph_url {
            super::subgraphs::check_url("schema.supergraph_url", url)?;
        }
        for name in self.supergraph_headers.keys() {
            if name.parse::<http::HeaderName>().is_err() {
                return Err(ConfigError::wrong(
                    format!("schema.supergraph_headers.{name}"),
                    "is not the name of a header",
                ));
            }
        }
        let mut names = std::collections::BTreeSet::new();
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            super::subgraphs::check_url(&format!("schema.subgraphs.{index}.url"), &subgraph.url)?;
            if !names.insert(&subgraph.name) {
                return Err(ConfigError::wrong(
                    format!("schema.subgraphs.{index}.name"),
                    format!("is `{}`, which another subgraph has as well", subgraph.name),
                ));
            }
        }
        Ok(())
    }
}
