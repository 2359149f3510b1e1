//! What recommending knows of stock.

/// The state that a shopper sees on a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StockState {
    /// Plenty.
    InStock,
    /// Few left.
    LowStock,
    /// None left.
    OutOfStock,
    /// None left, more to come.
    Backorder,
    /// Not yet there.
    Preorder,
}

/// The badge of one SKU as of `revision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct Badge {
    /// The state.
    pub state: StockState,
    /// Pieces that can be sold now.
    pub available: i64,
    /// Only grows; decides which of two badges is newer.
    pub revision: i64,
}

impl Badge {
    /// Whether pieces lie in stock. Backorders and preorders can be bought, but are not recommended.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        matches!(self.state, StockState::InStock | StockState::LowStock) && self.available > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pieces_in_stock_are_available() {
        let badge = |state, available| Badge { state, available, revision: 1 };
        assert!(badge(StockState::LowStock, 1).is_available());
        assert!(!badge(StockState::InStock, 0).is_available());
        assert!(!badge(StockState::Backorder, 5).is_available());
    }
}
