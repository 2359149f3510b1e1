//! Which headers go to subgraphs and come back, as it is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ConfigError,
    header_actions::{RequestAction, ResponseAction},
};

/// Which headers of clients go to a subgraph, and which of its headers go back. Rules apply one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeadersConfig {
    /// From the client to the subgraph.
    pub request: Vec<RequestHeaderRule>,
    /// From the subgraph to the client.
    pub response: Vec<ResponseHeaderRule>,
}

/// One rule for what goes to a subgraph; it has exactly one of the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestHeaderRule {
    /// Passes headers of the client on.
    pub propagate: Option<PropagateRequestHeader>,
    /// Adds a header, in place of one of the same name.
    pub insert: Option<InsertHeader>,
    /// Takes away what rules before it have put in.
    pub remove: Option<HeaderNames>,
}

/// One rule for what goes back to the client; it has exactly one of the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResponseHeaderRule {
    /// Passes headers of the subgraph on.
    pub propagate: Option<PropagateResponseHeader>,
    /// Adds a header, in place of one of the same name.
    pub insert: Option<InsertHeader>,
    /// Takes away what rules before it have put in for this subgraph.
    pub remove: Option<HeaderNames>,
}

/// Which headers a rule is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderNames {
    /// Those of these names.
    pub named: Vec<String>,
    /// Those whose whole lower-case name this regular expression fits.
    pub matching: Option<String>,
}

/// Headers of the client that go to a subgraph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PropagateRequestHeader {
    /// Those of these names.
    pub named: Vec<String>,
    /// Those whose whole lower-case name this regular expression fits.
    pub matching: Option<String>,
    /// The name under which the one named header goes on.
    pub rename: Option<String>,
    /// What the one named header is when the client sends none.
    pub default: Option<String>,
}

/// Which value counts when several subgraphs send the same header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeaderStrategy {
    /// That of the answer which comes first.
    First,
    /// That of the answer which comes last.
    #[default]
    Last,
    /// All of them, each as a header of its own.
    Append,
}

/// Headers of a subgraph that go to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PropagateResponseHeader {
    /// Those of these names.
    pub named: Vec<String>,
    /// Those whose whole lower-case name this regular expression fits.
    pub matching: Option<String>,
    /// The name under which the one named header goes on.
    pub rename: Option<String>,
    /// What the one named header is when the subgraph sends none.
    pub default: Option<String>,
    /// Which value counts.
    pub strategy: HeaderStrategy,
}

/// A header with a value of the gateway's own: exactly one of `value`, `from_environment` and `from_file`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InsertHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<String>,
    /// The environment variable that has its value.
    pub from_environment: Option<String>,
    /// The file that has its value; a line break at the end is not part of it.
    pub from_file: Option<PathBuf>,
}

impl HeadersConfig {
    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }

    /// Checks the rules from `skipped` on (of requests and of answers), which stand at `key`.
    pub(super) fn validate(&self, key: &str, skipped: (usize, usize)) -> Result<(), ConfigError> {
        for (index, rule) in self.request.iter().skip(skipped.0).enumerate() {
            RequestAction::read(rule).map_err(|error| error.at(&format!("{key}.request.{index}")))?;
        }
        for (index, rule) in self.response.iter().skip(skipped.1).enumerate() {
            ResponseAction::read(rule).map_err(|error| error.at(&format!("{key}.response.{index}")))?;
        }
        Ok(())
    }
}
