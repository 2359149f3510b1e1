//! Kinds of alerts.

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// Few pieces or none are available.
    StockLevel,
    /// Shoppers were refused for want of stock.
    SaleAttempts,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::StockLevel, Self::SaleAttempts];

    /// The name in the database, in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StockLevel => "STOCK_LEVEL",
            Self::SaleAttempts => "SALE_ATTEMPTS",
        }
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
}

impl AlertSeverity {
    /// Every severity.
    pub const ALL: &[Self] = &[Self::LowStock, Self::OutOfStock, Self::MissedSales];

    /// The name in the database, in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LowStock => "LOW_STOCK",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::MissedSales => "MISSED_SALES",
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
