//! Why the subgraph could not start.

use crate::store::StoreError;

/// Why the subgraph did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("subgraph `preferences` cannot open its store: {0}")]
    Store(#[from] StoreError),
    /// A value of the configuration is out of range.
    #[error("`preferences.{key}` is {given}, it must be at least 1")]
    Config {
        /// The key within the section.
        key: &'static str,
        /// What it is.
        given: u64,
    },
}
