//! Carts.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use selvedge_kit::identity::Identity;

use super::{Money, PriceQuote, ProductVariant, missing};
use crate::{
    command::Caller,
    domain::pricing::Quote,
    entity::{cart, cart_line},
    graphql::loaders::{CartById, LinesOfCart, PricingOfVariant, loaders},
    store::{orders::carts::codes_of, pricing::PricedVariant},
};

#[derive(Debug, Clone)]
pub(crate) struct Cart(pub(crate) Arc<cart::Model>);

pub(crate) struct CartLine {
    row: Arc<cart_line::Model>,
    /// Of its cart.
    codes: Vec<String>,
}

/// A code of a promotion in a cart.
#[derive(SimpleObject)]
pub(crate) struct CartPromotionCode {
    code: String,
    /// Whether it makes something in the cart cheaper at this moment.
    applicable: bool,
}

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

    /// What each line costs, and in which currency.
    async fn quotes(&self, ctx: &Context<'_>) -> Result<Vec<(Quote, String)>, Error> {
        let (rows, codes) = (self.rows(ctx).await?, codes_of(&self.0));
        let key = |row: &cart_line::Model| PricingOfVariant(row.variant_id.clone(), codes.clone());
        let priced = loaders(ctx)?.load_many(rows.iter().map(|row| key(row))).await?;
        let quote = |row: &Arc<cart_line::Model>| {
            let priced = priced.get(&key(row)).ok_or_else(|| missing("variant", &row.variant_id))?;
            Ok((priced.quote(row.quantity), priced.currency.clone()))
        };
        rows.iter().map(quote).collect()
    }

    async fn sum(&self, ctx: &Context<'_>, amount: impl Fn(&Quote) -> i64) -> Result<Option<Money>, Error> {
        let quotes = self.quotes(ctx).await?;
        let Some((_, currency_code)) = quotes.first().cloned() else { return Ok(None) };
        if quotes.iter().any(|(_, currency)| *currency != currency_code) {
            return Ok(None);
        }
        let amount = quotes.iter().fold(0_i64, |sum, (quote, _)| sum.saturating_add(amount(quote)));
        Ok(Some(Money { amount, currency_code }))
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
        let codes = codes_of(&self.0);
        let line = |row: &Arc<cart_line::Model>| CartLine { row: Arc::clone(row), codes: codes.clone() };
        Ok(self.rows(ctx).await?.iter().map(line).collect())
    }

    /// Pieces of all lines.
    async fn total_quantity(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        Ok(self.rows(ctx).await?.iter().fold(0, |sum: i32, row| sum.saturating_add(row.quantity)))
    }

    /// What the lines cost at this moment: with tiers, and with the promotions that hold for everyone or for a code of
    /// this cart. Null while the cart is empty, and where prices are in several currencies.
    async fn subtotal(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        self.sum(ctx, |quote| quote.total_minor).await
    }

    /// How much more the lines would cost at base prices. Null where the subtotal is.
    async fn total_discount(&self, ctx: &Context<'_>) -> Result<Option<Money>, Error> {
        let off = |quote: &Quote| quote.base_total_minor.saturating_sub(quote.total_minor);
        self.sum(ctx, off).await
    }

    /// At most 10, in upper case.
    async fn promotion_codes(&self, ctx: &Context<'_>) -> Result<Vec<CartPromotionCode>, Error> {
        let quotes = self.quotes(ctx).await?;
        let lowers = |code: &String| {
            let mut applied = quotes.iter().flat_map(|(quote, _)| &quote.applied);
            applied.any(|applied| applied.promotion.code.as_ref() == Some(code))
        };
        let codes = codes_of(&self.0).into_iter();
        Ok(codes.map(|code| CartPromotionCode { applicable: lowers(&code), code }).collect())
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
        ProductVariant::referred_by_id(ctx, &self.row.variant_id).await
    }

    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// What the pieces cost at this moment, and why.
    async fn price(&self, ctx: &Context<'_>) -> Result<PriceQuote, Error> {
        let priced = self.priced(ctx).await?;
        Ok(PriceQuote::of(&priced, self.row.quantity))
    }

    /// What each piece costs at this moment.
    async fn unit_price(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let priced = self.priced(ctx).await?;
        let amount = priced.quote(self.row.quantity).unit_price_minor;
        Ok(Money { amount, currency_code: priced.currency.clone() })
    }

    async fn total(&self, ctx: &Context<'_>) -> Result<Money, Error> {
        let priced = self.priced(ctx).await?;
        let amount = priced.quote(self.row.quantity).total_minor;
        Ok(Money { amount, currency_code: priced.currency.clone() })
    }
}

impl CartLine {
    async fn priced(&self, ctx: &Context<'_>) -> Result<Arc<PricedVariant>, Error> {
        let key = PricingOfVariant(self.row.variant_id.clone(), self.codes.clone());
        loaders(ctx)?.load_one(key).await?.ok_or_else(|| missing("variant", &self.row.variant_id))
    }
}
