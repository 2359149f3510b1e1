//! What about stock is odd enough to be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What about stock is odd enough to be told: each kind can be turned off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnomalyConfig {
    /// How often some SKUs are compared with their events, in seconds; 0 for never, and then only `ledger verify` does.
    pub check_seconds: u32,
    /// How many SKUs are compared each time, one after the other through the catalog.
    #[schemars(range(min = 1, max = 1000))]
    pub check_variants: u32,
    /// Whether is told what its events do not make.
    pub ledger_mismatch: bool,
    /// Whether is told what is committed without a reservation or an open order line.
    pub committed_unexplained: bool,
    /// Counts that are far from what was recorded.
    pub count_difference: CountDifferenceConfig,
    /// SKUs of which much more goes than usual.
    pub unusual_outflow: UnusualOutflowConfig,
    /// Large changes by one member of staff.
    pub large_adjustment: LargeAdjustmentConfig,
    /// Pieces that go missing again and again.
    pub shrinkage: ShrinkageConfig,
}

impl Default for AnomalyConfig {
    fn default() -> Self {
        Self {
            check_seconds: 60,
            check_variants: 20,
            ledger_mismatch: true,
            committed_unexplained: true,
            count_difference: CountDifferenceConfig::default(),
            unusual_outflow: UnusualOutflowConfig::default(),
            large_adjustment: LargeAdjustmentConfig::default(),
            shrinkage: ShrinkageConfig::default(),
        }
    }
}

/// When a count that was applied is far from what was recorded: by so many pieces, and by such a share of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountDifferenceConfig {
    /// Whether it is told.
    pub enabled: bool,
    /// By so many pieces or more.
    #[schemars(range(min = 1))]
    pub pieces: u32,
    /// And by so many percent of what was recorded, or more.
    pub percent: u32,
}

impl Default for CountDifferenceConfig {
    fn default() -> Self {
        Self { enabled: true, pieces: 10, percent: 20 }
    }
}

/// When much more of a SKU goes than usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UnusualOutflowConfig {
    /// Whether it is told.
    pub enabled: bool,
    /// Length of a window in hours. A day, or several, has the hours of the night in it.
    #[schemars(range(min = 1, max = 168))]
    pub window_hours: u32,
    /// With how many windows before it one is compared.
    #[schemars(range(min = 7, max = 90))]
    pub windows: u32,
    /// Fewer pieces within a window are never unusual.
    #[schemars(range(min = 1))]
    pub pieces: u32,
    /// So many robust standard deviations above the median are.
    #[schemars(range(min = 1))]
    pub deviations: u32,
}

impl Default for UnusualOutflowConfig {
    fn default() -> Self {
        Self { enabled: true, window_hours: 24, windows: 28, pieces: 50, deviations: 6 }
    }
}

/// When one member of staff changes much by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LargeAdjustmentConfig {
    /// Whether it is told.
    pub enabled: bool,
    /// So many pieces of a SKU at a location within a day, up or down.
    #[schemars(range(min = 1))]
    pub pieces: u32,
}

impl Default for LargeAdjustmentConfig {
    fn default() -> Self {
        Self { enabled: true, pieces: 100 }
    }
}

/// When pieces go missing again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShrinkageConfig {
    /// Whether it is told.
    pub enabled: bool,
    /// Within so many days, today included.
    #[schemars(range(min = 1, max = 90))]
    pub days: u32,
    /// So often or more.
    #[schemars(range(min = 1))]
    pub times: u32,
    /// And so many pieces or more, less those that were found again.
    #[schemars(range(min = 1))]
    pub pieces: u32,
}

impl Default for ShrinkageConfig {
    fn default() -> Self {
        Self { enabled: true, days: 7, times: 3, pieces: 5 }
    }
}
