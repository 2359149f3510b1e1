//! Why the subgraph could not start.

/// Why the subgraph could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key of the configuration has a value that cannot work.
    #[error("`recommendation.{key}` is {value}, it must be {expected}")]
    Configuration {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
}
