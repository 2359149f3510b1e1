//! What one request may cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// What one request may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// The largest request body, in bytes; also the largest WebSocket message.
    #[schemars(range(min = 1))]
    pub max_body_bytes: usize,
    /// How deep selections may nest.
    #[schemars(range(min = 1))]
    pub max_depth: usize,
    /// How many lexical tokens an operation's text may have.
    #[schemars(range(min = 1))]
    pub max_tokens: usize,
    /// How many fields an operation may have, with fragments counted where they are used.
    #[schemars(range(min = 1))]
    pub max_fields: usize,
    /// How many aliased fields an operation may have.
    pub max_aliases: usize,
    /// How many root fields an operation may have.
    #[schemars(range(min = 1))]
    pub max_root_fields: usize,
    /// How many `@defer`s an operation may have, with fragments counted where they are used; each is a part of the answer,
    /// one in a list counts once.
    pub max_deferred_parts: usize,
    /// How many operations one HTTP request may carry as an array; 0 refuses arrays.
    pub max_batch_operations: usize,
    /// How many prepared operations are kept.
    pub max_prepared_operations: u64,
    /// How much memory prepared operations may take, in bytes.
    pub max_prepared_bytes: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 1024 * 1024,
            max_depth: 30,
            max_tokens: 15_000,
            max_fields: 10_000,
            max_aliases: 200,
            max_root_fields: 50,
            max_deferred_parts: 100,
            max_batch_operations: 0,
            max_prepared_operations: 4_096,
            max_prepared_bytes: 32 * 1024 * 1024,
        }
    }
}

impl LimitsConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        const MOST: usize = 1_000;
        if self.max_batch_operations > MOST {
            return Err(ConfigError::wrong("limits.max_batch_operations", format!("must be at most {MOST}")));
        }
        Ok(())
    }
}
