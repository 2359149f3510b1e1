//! What callers can have done: load → decide → append, in one transaction, once per idempotency key.
//!
//! Each command answers `Ok(Ok(…))` when it was done, `Ok(Err(user errors))` when it was refused (nothing has changed
//! then), and `Err(…)` when the store failed. The same key gives the same answer, also after a refusal.

mod adjust;
mod alert;
mod attempts;
mod caller;
pub mod catalog;
mod change;
mod channel;
mod expire;
mod extend;
mod keyed;
mod load;
mod move_pieces;
pub mod order;
mod rebuild;
mod reconcile;
mod release;
mod reserve;
mod set;
pub mod supply;
pub mod waitlist;
mod writer;

pub use adjust::{AdjustQuantities, AdjustmentReason};
pub use alert::{AcknowledgeAlert, SetThresholds, THRESHOLD_MAX, THRESHOLDS_MAX, ThresholdOf};
pub use attempts::run_sale_attempts;
pub use caller::Caller;
pub(crate) use caller::MANAGES_STOCK;
pub use change::{CHANGES_MAX, StockChange};
pub use channel::{AllocationRule, CHANNEL_RULES_MAX, SetAllocations, SetChannel};
pub use expire::run_expirer;
pub use load::{LoadSummary, RejectedTarget};
pub use move_pieces::MoveQuantities;
pub use rebuild::RebuildSummary;
pub use reconcile::{AppliedPart, COUNTS_MAX, Compared, Count, Counting, Outcome};
pub use reserve::{
    AskedLine, RESERVE_LINES_MAX, ReserveLine, ReserveStock, Reserved, TTL_DEFAULT_SECONDS, TTL_MAX_SECONDS,
    TTL_MIN_SECONDS,
};
pub use set::SetQuantities;

use selvedge_kit::outbox::RelaySignal;

use crate::{
    domain::{UserError, alert::AlertSettings},
    store::Store,
};

/// What a command answers: its output, or why it was refused.
pub type Answer<T> = Result<T, Vec<UserError>>;

/// Runs commands on one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Commands {
    store: Store,
    signal: RelaySignal,
    low_stock_threshold: i32,
    writer: writer::Writer,
    alerts: AlertSettings,
    attempts: attempts::SaleAttempts,
}

impl Commands {
    /// Commands on `store` that ring `signal` after each commit; at or below `low_stock_threshold` pieces a badge says
    /// that stock is low.
    #[must_use]
    pub fn new(store: Store, signal: RelaySignal, low_stock_threshold: i32) -> Self {
        let writer = writer::Writer::new(store.clone(), signal.clone(), low_stock_threshold);
        let alerts = AlertSettings::with_threshold(low_stock_threshold);
        let attempts = attempts::SaleAttempts::default();
        Self { store, signal, low_stock_threshold, writer, alerts, attempts }
    }

    /// The same with other rules of what is worth an alert.
    #[must_use]
    pub fn with_alerts(self, alerts: AlertSettings) -> Self {
        Self { alerts, ..self }
    }

    /// At or below how many pieces a badge says that stock is low.
    pub(crate) const fn low_stock_threshold(&self) -> i32 {
        self.low_stock_threshold
    }
}
