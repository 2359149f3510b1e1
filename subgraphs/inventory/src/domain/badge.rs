//! What a shopper may be told of the stock of one SKU.

use chrono::{DateTime, Utc};

/// What happens when nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StockPolicy {
    /// It cannot be bought.
    Deny,
    /// It can be ordered and comes later.
    Backorder,
    /// It is not out yet and can be ordered.
    Preorder,
}

impl StockPolicy {
    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::Backorder => "BACKORDER",
            Self::Preorder => "PREORDER",
        }
    }

    /// The policy with the database name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Deny, Self::Backorder, Self::Preorder].into_iter().find(|policy| policy.as_str() == name)
    }
}

/// The state that a badge shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StockState {
    /// Plenty.
    InStock,
    /// At or below the threshold.
    LowStock,
    /// Nothing left.
    OutOfStock,
    /// Nothing left, more is coming.
    Backorder,
    /// Not out yet.
    Preorder,
}

impl StockState {
    /// The name in the database, in events and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "IN_STOCK",
            Self::LowStock => "LOW_STOCK",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::Backorder => "BACKORDER",
            Self::Preorder => "PREORDER",
        }
    }

    /// The state with the name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::InStock, Self::LowStock, Self::OutOfStock, Self::Backorder, Self::Preorder]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// Whether a shopper can buy or order.
    #[must_use]
    pub const fn is_for_sale(self) -> bool {
        !matches!(self, Self::OutOfStock)
    }
}

/// The badge of one SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// Its state.
    pub state: StockState,
    /// Pieces available over all active locations.
    pub available: i32,
    /// When more is expected; only with [`StockState::Backorder`] and [`StockState::Preorder`].
    pub expected_at: Option<DateTime<Utc>>,
    /// Grows with every change of the badge.
    pub revision: i64,
}

impl Badge {
    /// The badge for `available` pieces under `policy`; at or below `low_stock_threshold` pieces stock is low.
    #[must_use]
    pub fn of(
        available: i32,
        policy: StockPolicy,
        expected_at: Option<DateTime<Utc>>,
        low_stock_threshold: i32,
        revision: i64,
    ) -> Self {
        let state = match (available, policy) {
            (..=0, StockPolicy::Deny) => StockState::OutOfStock,
            (..=0, StockPolicy::Backorder) => StockState::Backorder,
            (..=0, StockPolicy::Preorder) => StockState::Preorder,
            (1.., _) if available <= low_stock_threshold => StockState::LowStock,
            (1.., _) => StockState::InStock,
        };
        let is_awaited = matches!(state, StockState::Backorder | StockState::Preorder);
        Self { state, available: available.max(0), expected_at: expected_at.filter(|_| is_awaited), revision }
    }

    /// Whether a shopper would see a difference.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        (self.state, self.available, self.expected_at) != (other.state, other.available, other.expected_at)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Badge, StockPolicy, StockState};

    #[test]
    fn the_state_follows_pieces_threshold_and_policy() {
        let expected_at = Some(DateTime::UNIX_EPOCH);
        let state = |available, policy| {
            let badge = Badge::of(available, policy, expected_at, 5, 1);
            (badge.state, badge.expected_at.is_some())
        };
        assert_eq!(state(6, StockPolicy::Deny), (StockState::InStock, false));
        assert_eq!(state(5, StockPolicy::Preorder), (StockState::LowStock, false));
        assert_eq!(state(0, StockPolicy::Deny), (StockState::OutOfStock, false));
        assert_eq!(state(0, StockPolicy::Backorder), (StockState::Backorder, true));
        assert_eq!(state(0, StockPolicy::Preorder), (StockState::Preorder, true));
    }

    #[test]
    fn names_can_be_read_back() {
        for state in ["IN_STOCK", "LOW_STOCK", "OUT_OF_STOCK", "BACKORDER", "PREORDER"] {
            assert_eq!(StockState::parse(state).unwrap().as_str(), state);
        }
        assert_eq!(StockPolicy::parse("continue"), None);
    }
}
