//! What a piece costs, and why.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object, SimpleObject,
    connection::{Connection, Edge, EmptyFields},
};
use chrono::{DateTime, Utc};

use super::Money;
use crate::{
    domain::pricing,
    entity::promotion,
    graphql::loaders::{TargetsOfPromotion, loaders},
    store::{
        catalog_read::{Page, promotion_cursor},
        pricing::PricedVariant,
    },
};

/// What some pieces of a variant cost at this moment.
#[derive(SimpleObject)]
pub(crate) struct PriceQuote {
    quantity: i32,
    /// What each piece costs.
    unit_price: Money,
    /// The unit price times the quantity.
    total: Money,
    /// What each piece would cost otherwise; null unless it is more.
    compare_at_price: Option<Money>,
    source: PriceSource,
    /// The tier that the unit price began with.
    tier: Option<PriceTier>,
    /// What lowered it, in order.
    applied_promotions: Vec<AppliedPromotion>,
}

/// Where a unit price comes from: the last step that lowered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "pricing::PriceSource")]
pub(crate) enum PriceSource {
    Base,
    Tier,
    Promotion,
}

/// A price from some quantity on.
#[derive(SimpleObject)]
pub(crate) struct PriceTier {
    minimum_quantity: i32,
    unit_price: Money,
}

#[derive(SimpleObject)]
pub(crate) struct AppliedPromotion {
    id: ID,
    title: String,
    /// The code that it was asked for with.
    code: Option<String>,
    /// What it takes off each piece.
    discount: Money,
}

impl PriceQuote {
    /// What `quantity` pieces cost.
    pub(crate) fn of(priced: &PricedVariant, quantity: i32) -> Self {
        let quote = priced.quote(quantity);
        let money = |amount| Money { amount, currency_code: priced.currency.clone() };
        let applied = quote.applied.into_iter().map(|applied| AppliedPromotion {
            id: applied.promotion.id.into(),
            title: applied.promotion.title,
            code: applied.promotion.code,
            discount: money(applied.discount_minor),
        });
        Self {
            quantity,
            unit_price: money(quote.unit_price_minor),
            total: money(quote.total_minor),
            compare_at_price: quote.compare_at_minor.map(money),
            source: quote.source.into(),
            tier: quote.tier.map(|tier| PriceTier {
                minimum_quantity: tier.minimum_quantity,
                unit_price: money(tier.unit_price_minor),
            }),
            applied_promotions: applied.collect(),
        }
    }
}

/// A promotion, for those who make them.
#[derive(Debug, Clone)]
pub(crate) struct Promotion(pub(crate) Arc<promotion::Model>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PromotionKind {
    /// Takes off a share.
    Percentage,
    /// Takes off an amount, of each piece.
    FixedAmount,
    /// Sets the price of each piece, where it was higher.
    FixedPrice,
}

impl PromotionKind {
    /// The value in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Percentage => "PERCENTAGE",
            Self::FixedAmount => "FIXED_AMOUNT",
            Self::FixedPrice => "FIXED_PRICE",
        }
    }
}

/// What a promotion holds for: any of these.
#[derive(SimpleObject, Default)]
pub(crate) struct PromotionTargets {
    all: bool,
    product_ids: Vec<ID>,
    variant_ids: Vec<ID>,
    collection_ids: Vec<ID>,
    /// Names of categories.
    categories: Vec<String>,
}

// Not kept: no event tells that a promotion has changed.
#[Object(cache_control(private, no_cache))]
impl Promotion {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The code that it needs, in upper case.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    async fn kind(&self) -> PromotionKind {
        match self.0.kind.as_str() {
            "PERCENTAGE" => PromotionKind::Percentage,
            "FIXED_AMOUNT" => PromotionKind::FixedAmount,
            _ => PromotionKind::FixedPrice,
        }
    }

    /// Basis points (hundredths of a percent) of a percentage, else minor units.
    async fn value(&self) -> i64 {
        self.0.value
    }

    async fn currency_code(&self) -> Option<&str> {
        self.0.currency.as_deref()
    }

    async fn priority(&self) -> i32 {
        self.0.priority
    }

    async fn combinable(&self) -> bool {
        self.0.combinable
    }

    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    async fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.0.starts_at
    }

    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.ends_at
    }

    async fn revision(&self) -> i64 {
        self.0.revision
    }

    /// At most 1000.
    async fn targets(&self, ctx: &Context<'_>) -> Result<PromotionTargets, Error> {
        let rows = loaders(ctx)?.load_one(TargetsOfPromotion(self.0.id.clone())).await?;
        let mut targets = PromotionTargets::default();
        for row in rows.iter().flat_map(|rows| rows.iter()) {
            match row.kind.as_str() {
                "PRODUCT" => targets.product_ids.push(row.target_id.clone().into()),
                "VARIANT" => targets.variant_ids.push(row.target_id.clone().into()),
                "COLLECTION" => targets.collection_ids.push(row.target_id.clone().into()),
                "CATEGORY" => targets.categories.push(row.target_id.clone()),
                _ => targets.all = true,
            }
        }
        Ok(targets)
    }
}

pub(crate) type PromotionConnection = Connection<String, Promotion, EmptyFields>;

/// One page of promotions as a connection.
pub(crate) fn promotion_connection(page: Page<promotion::Model>) -> PromotionConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: promotion::Model| Edge::new(promotion_cursor(&row), Promotion(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}
