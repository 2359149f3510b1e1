//! Where the supergraph comes from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Where the supergraph comes from: one file, or the subgraphs to compose it from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SchemaConfig {
    /// A supergraph in the Apollo join form; then `subgraphs` must be empty.
    pub supergraph_file: Option<PathBuf>,
    /// The subgraphs to compose.
    pub subgraphs: Vec<SchemaSubgraph>,
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
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.supergraph_file.is_some() && !self.subgraphs.is_empty() {
            return Err(ConfigError::wrong(
                "schema.subgraphs",
                "must be empty when `schema.supergraph_file` is set; keep one of the two",
            ));
        }
        for (index, subgraph) in self.subgraphs.iter().enumerate() {
            super::subgraphs::check_url(&format!("schema.subgraphs.{index}.url"), &subgraph.url)?;
        }
        Ok(())
    }
}
