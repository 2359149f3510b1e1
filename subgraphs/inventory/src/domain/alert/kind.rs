//! Kinds of alerts.

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// Few pieces or none are available.
    StockLevel,
    /// Shoppers were refused for want of stock.
    SaleAttempts,
    /// Something is not what its events make.
    LedgerMismatch,
    /// Pieces are committed without a reservation or an open order line, or the other way round.
    CommittedUnexplained,
    /// A count was far from what was recorded.
    CountDifference,
    /// Much more goes than usual.
    UnusualOutflow,
    /// One member of staff has changed much by hand.
    LargeAdjustment,
    /// Pieces go missing again and again.
    Shrinkage,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::StockLevel,
        Self::SaleAttempts,
        Self::LedgerMismatch,
        Self::CommittedUnexplained,
        Self::CountDifference,
        Self::UnusualOutflow,
        Self::LargeAdjustment,
        Self::Shrinkage,
    ];

    /// The name in the database, in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StockLevel => "STOCK_LEVEL",
            Self::SaleAttempts => "SALE_ATTEMPTS",
            Self::LedgerMismatch => "LEDGER_MISMATCH",
            Self::CommittedUnexplained => "COMMITTED_UNEXPLAINED",
            Self::CountDifference => "COUNT_DIFFERENCE",
            Self::UnusualOutflow => "UNUSUAL_OUTFLOW",
            Self::LargeAdjustment => "LARGE_ADJUSTMENT",
            Self::Shrinkage => "SHRINKAGE",
        }
    }

    /// Whether it is over when somebody takes note: what has happened once does not stop by itself.
    #[must_use]
    pub const fn ends_when_noted(self) -> bool {
        matches!(self, Self::CountDifference | Self::LargeAdjustment)
    }

    /// The kind with the name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertSeverity {
    /// At or below the threshold.
    LowStock,
    /// Nothing is left.
    OutOfStock,
    /// Sales are being missed.
    MissedSales,
    /// Not as usual, and perhaps right.
    Unusual,
    /// Figures contradict each other.
    Inconsistent,
}

impl AlertSeverity {
    /// Every severity.
    pub const ALL: &[Self] = &[Self::LowStock, Self::OutOfStock, Self::MissedSales, Self::Unusual, Self::Inconsistent];

    /// The name in the database, in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LowStock => "LOW_STOCK",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::MissedSales => "MISSED_SALES",
            Self::Unusual => "UNUSUAL",
            Self::Inconsistent => "INCONSISTENT",
        }
    }

    /// The severity with the name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|severity| severity.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{AlertKind, AlertSeverity};

    #[test]
    fn names_can_be_read_back() {
        assert!(AlertKind::ALL.iter().all(|kind| AlertKind::parse(kind.as_str()) == Some(*kind)));
        assert!(AlertSeverity::ALL.iter().all(|one| AlertSeverity::parse(one.as_str()) == Some(*one)));
        assert_eq!(AlertKind::parse("LOW_STOCK"), None);
    }
}
