//! Stock badges.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, Object};
use chrono::{DateTime, Utc};

use super::ProductVariant;
use crate::{domain, store::badges::BadgeOfSku};

/// What a shopper may be told of the stock of one SKU, over all locations.
#[derive(Debug, Clone)]
pub(crate) struct StockBadge(pub(crate) Arc<BadgeOfSku>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::StockState")]
pub(crate) enum StockState {
    InStock,
    LowStock,
    OutOfStock,
    Backorder,
    Preorder,
}

impl StockBadge {
    pub(crate) fn of(badge: BadgeOfSku) -> Self {
        Self(Arc::new(badge))
    }
}

/// What a shopper may be told of the stock of one SKU, over all locations.
// Events tell of every change: who hears them keeps it for as long as it is true.
#[Object(cache_control(max_age = 30))]
impl StockBadge {
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    async fn state(&self) -> StockState {
        self.0.state.into()
    }

    async fn available(&self) -> i32 {
        self.0.available
    }

    /// When more is expected; null unless BACKORDER or PREORDER.
    async fn expected_at(&self) -> Option<DateTime<Utc>> {
        self.0.expected_at
    }

    /// Grows with every change of this SKU; compare it to know which of two badges is newer.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_sku(ctx, &self.0.sku).await
    }
}
