//! What shoppers do.

use chrono::{DateTime, Utc};

use super::ProductId;

/// What a shopper did with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BehaviourKind {
    /// Looked at its page.
    View,
    /// Chose it in a list.
    Click,
    /// Put it into the cart.
    Cart,
    /// Bought it.
    Purchase,
}

impl BehaviourKind {
    /// How much it adds to the popularity of the product.
    #[must_use]
    pub const fn popularity_weight(self) -> f64 {
        match self {
            Self::View => 1.0,
            Self::Click => 1.5,
            Self::Cart => 4.0,
            Self::Purchase => 10.0,
        }
    }

    /// How much the product belongs to the basket, 0 when it does not.
    #[must_use]
    pub const fn basket_weight(self) -> f32 {
        match self {
            Self::View | Self::Click => 0.0,
            Self::Cart => 0.3,
            Self::Purchase => 1.0,
        }
    }

    /// How much it says of the shopper's taste, 0 to 1.
    #[must_use]
    pub const fn interest(self) -> f32 {
        match self {
            Self::View => 0.8,
            Self::Click => 0.85,
            Self::Cart => 1.0,
            Self::Purchase => 0.9,
        }
    }
}

/// One thing that a shopper did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// What.
    pub kind: BehaviourKind,
    /// With which product.
    pub product: ProductId,
    /// In which visit.
    pub session: String,
    /// By whom, where the shopper is known and agreed.
    pub customer: Option<String>,
    /// When.
    pub occurred_at: DateTime<Utc>,
}
