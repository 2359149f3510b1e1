//! What makes a price lower.

/// One hundred percent in basis points.
pub const BASIS_POINTS: i64 = 10_000;

/// A lower price from some quantity on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its id.
    pub id: String,
    /// From how many pieces on, at least 1.
    pub minimum_quantity: i32,
    /// What each piece costs then.
    pub unit_price_minor: i64,
}

/// What a promotion does to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Takes off this many basis points (hundredths of a percent), 1 to [`BASIS_POINTS`].
    Percentage(i64),
    /// Takes off this much.
    FixedAmount(i64),
    /// Sets the price, where it was higher.
    FixedPrice(i64),
}

impl Discount {
    /// `price` after it: never below zero, never more than before, rounded half up.
    #[must_use]
    pub fn apply(self, price: i64) -> i64 {
        let after = match self {
            Self::Percentage(basis_points) => {
                let left = BASIS_POINTS - basis_points.clamp(0, BASIS_POINTS);
                let exact = i128::from(price) * i128::from(left);
                let half = i128::from(BASIS_POINTS / 2);
                i64::try_from((exact + half) / i128::from(BASIS_POINTS)).unwrap_or(price)
            }
            Self::FixedAmount(amount) => price.saturating_sub(amount),
            Self::FixedPrice(amount) => amount,
        };
        after.clamp(0, price.max(0))
    }
}

/// A promotion that holds for the line that is quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// Its id.
    pub id: String,
    /// What shoppers read.
    pub title: String,
    /// The code that it was asked for with.
    pub code: Option<String>,
    /// What it does.
    pub discount: Discount,
    /// Higher is applied first.
    pub priority: i32,
    /// Whether others may be applied beside it.
    pub combinable: bool,
}
