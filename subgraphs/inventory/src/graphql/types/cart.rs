//! Carts.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use chrono::{DateTime, Utc};
use selvedge_kit::identity::Identity;

use super::{Money, ProductVariant, missing};
use crate::{
    command::Caller,
    entity::{cart, cart_line},
    graphql::loaders::{CartById, LinesOfCart, VariantById, loaders},
};

#[derive(Debug, Clone)]
pub(crate) struct Cart(pub(crate) Arc<cart::Model>);

pub(crate) struct CartLine(Arc<cart_line::Model>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub(crate) enum CartStatus {
    Open,
    Ordered,
}

impl Cart {
    /// The cart with `id`, if `caller` may see it: who made it. A cart that nobody signed in for is whose who knows its
    /// id.
    pub(crate) async fn visible_to(caller: &Identity, ctx: &Context<'_>, id: String) -> Result<Option<Self>, Error> {
        let row = loaders(ctx)?.load_one(CartById(id)).await?;
        let own = Caller::of(caller).actor;
        Ok(row.filter(|row| row.actor == own || row.actor == Caller::ANONYMOUS).map(Self))
    }

    async fn rows(&self, ctx: &Context<'_>) -> Result<Arc<[Arc<cart_line::Model>]>, Error> {
        let rows = loaders(ctx)?.load_one(LinesOfCart(self.0.id.clone())).await?;
        Ok(rows.unwrap_or_else(|| Arc::new([])))
    }
}

/// What a shopper wants to buy. Nothing is held for it, and prices are those of the moment.
#[Object(cache_control(private, no_cache))]
impl Cart {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn channel(&self) -> &str {
        &self.0.channel
    }

    async fn status(&self) -> CartStatus {
        // A check of the table allows these two alone.
        if self.0.status == "OPEN" { CartStatus::Open } else { CartStatus::Ordered }
    }

    /// At most 100, in the order in which they were added.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<CartLine>, Error> {
        Ok(self.rows(ctx).await?.iter().cloned().map(CartLine).collect())
    }

    /// Pieces of all lines.
    async fn total_quantity(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        Ok(self.rows(ctx).await?.iter().fold(0, |sum: i32, row| sum.saturating_add(row.quantity)))
    }

    /// At the prices of the moment. Null while the cart is empty, and where prices are in several currencies.
    async fn subtotal(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        let rows = self.rows(ctx).await?;
        let ids = rows.iter().map(|row| VariantById(row.variant_id.clone()));
        let variants = loaders(ctx)?.load_many(ids).await?;
        let mut sum: Option<Money> = None;
        for row in rows.iter() {
            let Some(variant) = variants.get(&VariantById(row.variant_id.clone())) else {
                return Err(missing("variant", &row.variant_id));
            };
            let price = variant.price_minor.saturating_mul(row.quantity.into());
            let sum = sum.get_or_insert_with(|| Money { amount: 0, currency_code: variant.currency.clone() });
            if sum.currency_code != variant.currency {
                return Ok(None);
            }
            sum.amount = sum.amount.saturating_add(price);
        }
        Ok(sum)
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

#[Object]
impl CartLine {
    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// Of one piece, at the moment.
    async fn unit_price(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let variant = ProductVariant::referred_by_id(ctx, &self.0.variant_id).await?.0;
        Ok(Money { amount: variant.price_minor, currency_code: variant.currency.clone() })
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let variant = ProductVariant::referred_by_id(ctx, &self.0.variant_id).await?.0;
        let amount = variant.price_minor.saturating_mul(self.0.quantity.into());
        Ok(Money { amount, currency_code: variant.currency.clone() })
    }
}
