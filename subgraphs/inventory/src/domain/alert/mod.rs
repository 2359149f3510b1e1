//! When something about stock is worth an alert, and when it no longer is.

mod attempts;
mod kind;
mod level;
mod movement;
mod outflow;

use chrono::TimeDelta;

use crate::config::AnomalyConfig;

pub use attempts::{Shoppers, Tally, WINDOW_SECONDS, is_news, window_start};
pub use kind::{AlertKind, AlertSeverity};
pub use level::{LevelRule, Verdict};
pub use movement::{Correction, correction_of, day_of, is_count, outflow_kinds, outflow_of};
pub use outflow::{OutflowRule, Usual, WINDOWS_MIN};

/// What the shop wants to hear of, where nothing else is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertSettings {
    /// At so many pieces of a variant or fewer, over all locations.
    pub threshold: i32,
    /// At so many at one location; `None`: only where a threshold is set for it.
    pub location_threshold: Option<i32>,
    /// So many pieces above its threshold an alert is over.
    pub clear_margin: i32,
    /// Raised again within this time after it was over, an alert is the same one.
    pub reopen_within: TimeDelta,
    /// From so many refused attempts to buy within a window on.
    pub attempts_threshold: i64,
    /// What about stock is odd.
    pub anomalies: AnomalyConfig,
}

impl AlertSettings {
    /// The defaults, with this threshold.
    #[must_use]
    pub fn with_threshold(threshold: i32) -> Self {
        Self {
            threshold,
            location_threshold: None,
            clear_margin: 2,
            reopen_within: TimeDelta::minutes(15),
            attempts_threshold: 10,
            anomalies: AnomalyConfig::default(),
        }
    }
}

impl AlertSettings {
    /// Whether alerts of this kind are raised.
    #[must_use]
    pub const fn is_on(&self, kind: AlertKind) -> bool {
        let anomalies = &self.anomalies;
        match kind {
            AlertKind::StockLevel | AlertKind::SaleAttempts => true,
            AlertKind::LedgerMismatch => anomalies.ledger_mismatch,
            AlertKind::CommittedUnexplained => anomalies.committed_unexplained,
            AlertKind::CountDifference => anomalies.count_difference.enabled,
            AlertKind::UnusualOutflow => anomalies.unusual_outflow.enabled,
            AlertKind::LargeAdjustment => anomalies.large_adjustment.enabled,
            AlertKind::Shrinkage => anomalies.shrinkage.enabled,
        }
    }
}
