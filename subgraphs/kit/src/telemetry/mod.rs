//! Logs and metrics of a process.

mod logs;
mod metrics;

pub use logs::{LogFormat, install_logs};
pub use metrics::{MetricsHandle, install_metrics};

/// Why logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("the log filter `{filter}` cannot be read: {reason}")]
    BadFilter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else has set it up before.
    #[error("{part} were already set up in this process")]
    AlreadyInstalled {
        /// `logs` or `metrics`.
        part: &'static str,
    },
    /// The buckets were refused.
    #[error("metrics could not be set up: {reason}")]
    BadMetrics {
        /// What the library said.
        reason: String,
    },
}
