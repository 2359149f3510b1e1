//! TLS towards subgraphs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Whose certificates are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TlsRoots {
    /// Those that browsers of Mozilla trust; part of the binary.
    #[default]
    Mozilla,
    /// Those that the machine is set up to trust.
    System,
}

/// TLS towards a subgraph; used when its address is `https://`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// Whose certificates are trusted.
    pub roots: TlsRoots,
    /// Certificates in PEM to trust instead of `roots`.
    pub ca_file: Option<PathBuf>,
    /// The gateway's own certificate with its chain in PEM, for subgraphs that ask for one.
    pub certificate_file: Option<PathBuf>,
    /// The key to that certificate, in PEM.
    pub key_file: Option<PathBuf>,
}

impl TlsConfig {
    pub(super) fn validate(&self, key: &str) -> Result<(), ConfigError> {
        match (&self.certificate_file, &self.key_file) {
            (Some(_), None) => Err(ConfigError::wrong(format!("{key}.key_file"), "is needed with `certificate_file`")),
            (None, Some(_)) => Err(ConfigError::wrong(format!("{key}.certificate_file"), "is needed with `key_file`")),
            _ => Ok(()),
        }
    }
}
