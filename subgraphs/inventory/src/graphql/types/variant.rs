//! Variants.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    Money, PriceQuote, Product, StockAt, StockBadge,
    channel::ChannelAvailability,
    event::{StockEventConnection, StockHistoryFilter, history},
    inbound::InboundLine,
    level::{InventoryLevelConnection, level_connection},
    missing,
    promise::SellPolicy,
};
use crate::{
    entity::variant,
    graphql::{
        access,
        limits::{page_request, promotion_codes, storable},
        loaders::{
            InboundOfVariant, LevelsOfVariant, PricingOfVariant, ProductById, VariantById, VariantBySku, loaders,
        },
    },
    store::badges,
};

/// The most inbound lines of one list.
const INBOUND_MAX: usize = 250;

#[derive(Debug, Clone)]
pub(crate) struct ProductVariant(pub(crate) Arc<variant::Model>);

#[derive(Debug, Deserialize, SimpleObject)]
pub(crate) struct SelectedOption {
    name: String,
    value: String,
}

impl ProductVariant {
    /// The variant that another row refers to by its SKU.
    pub(super) async fn referred_by_sku(ctx: &Context<'_>, sku: &str) -> Result<Self, Error> {
        let row = loaders(ctx)?.load_one(VariantBySku(sku.to_owned())).await?;
        row.map(Self).ok_or_else(|| missing("variant", sku))
    }

    /// The variant that another row refers to by its id.
    pub(crate) async fn referred_by_id(ctx: &Context<'_>, id: &str) -> Result<Self, Error> {
        let row = loaders(ctx)?.load_one(VariantById(id.to_owned())).await?;
        row.map(Self).ok_or_else(|| missing("variant", id))
    }

    fn money(&self, amount: i64) -> Money {
        Money { amount, currency_code: self.0.currency.clone() }
    }
}

// Events tell of every change: who hears them keeps it for as long as it is true.
#[Object(cache_control(max_age = 30))]
impl ProductVariant {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn sku(&self) -> &str {
        &self.0.sku
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn barcode(&self) -> Option<&str> {
        self.0.barcode.as_deref()
    }

    async fn product(&self, ctx: &Context<'_>) -> Result<Product, Error> {
        let row = loaders(ctx)?.load_one(ProductById(self.0.product_id.clone())).await?;
        row.map(Product).ok_or_else(|| missing("product", &self.0.product_id))
    }

    async fn selected_options(&self) -> Result<Vec<SelectedOption>, Error> {
        Ok(Vec::deserialize(&self.0.options)?)
    }

    async fn size(&self) -> Option<&str> {
        self.0.size.as_deref()
    }

    async fn color(&self) -> Option<&str> {
        self.0.color.as_deref()
    }

    async fn price(&self) -> Money {
        self.money(self.0.price_minor)
    }

    /// What this many pieces (1 to 10000) cost at this moment, by the clock of the database: with tiers, and with the
    /// promotions that hold for everyone or for one of the codes, at most 10. `price` stays the base price.
    // Not kept: tiers and promotions begin and end by the clock, without an event.
    #[graphql(cache_control(no_cache))]
    async fn price_for(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 1)] quantity: i32,
        codes: Option<Vec<String>>,
    ) -> Result<PriceQuote, Error> {
        let codes = promotion_codes(quantity, codes)?;
        let priced = loaders(ctx)?.load_one(PricingOfVariant(self.0.id.clone(), codes)).await?;
        let priced = priced.ok_or_else(|| missing("variant", &self.0.id))?;
        Ok(PriceQuote::of(&priced, quantity))
    }

    async fn compare_at_price(&self) -> Option<Money> {
        self.0.compare_at_minor.map(|amount| self.money(amount))
    }

    async fn available_for_sale(&self) -> bool {
        badges::is_for_sale(&self.0)
    }

    async fn badge(&self) -> Result<StockBadge, Error> {
        Ok(StockBadge::of(badges::of_variant(&self.0)?))
    }

    /// What the sales channel with this code may promise; null when there is no such channel.
    #[graphql(cache_control(no_cache))]
    async fn availability(&self, ctx: &Context<'_>, channel: String) -> Result<Option<ChannelAvailability>, Error> {
        storable("channel", &channel)?;
        ChannelAvailability::of(ctx, &self.0, channel).await
    }

    /// `first` and `last` are at most 250, and 20 when neither is given.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn levels(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<InventoryLevelConnection, Error> {
        let page = page_request(first, after, last, before)?;
        let rows = loaders(ctx)?.load_one(LevelsOfVariant(self.0.id.clone())).await?;
        level_connection(rows.as_deref().unwrap_or_default(), &page)
    }

    /// What happens when its stock does not suffice. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn sell_policy(&self, ctx: &Context<'_>) -> Result<Option<SellPolicy>, Error> {
        access::require(ctx, "ProductVariant.sellPolicy")?;
        SellPolicy::of(ctx, &self.0).await.map(Some)
    }

    /// What is on its way, the next to come first; at most 250. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn inbound(&self, ctx: &Context<'_>) -> Result<Option<Vec<InboundLine>>, Error> {
        access::require(ctx, "ProductVariant.inbound")?;
        let rows = loaders(ctx)?.load_one(InboundOfVariant(self.0.id.clone())).await?;
        let rows = rows.iter().flat_map(|rows| rows.iter()).take(INBOUND_MAX);
        Ok(Some(rows.cloned().map(InboundLine).collect()))
    }

    /// What happened to its stock, newest first. Scope inventory:read. `first` and `last` are at most 250, and 20 when
    /// neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        location_id: Option<ID>,
        filter: Option<StockHistoryFilter>,
    ) -> Result<Option<StockEventConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let of = (self.0.id.as_str(), location_id.map(|id| id.0));
        history(ctx, "ProductVariant.history", of, filter, &page).await.map(Some)
    }

    /// Its stock as it was. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn stock_at(&self, ctx: &Context<'_>, time: DateTime<Utc>) -> Result<Option<StockAt>, Error> {
        access::require(ctx, "ProductVariant.stockAt")?;
        StockAt::read(ctx, (&self.0.id, &self.0.sku), None, time).await.map(Some)
    }
}
