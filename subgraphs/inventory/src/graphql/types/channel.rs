//! Channels, and what each of them may promise.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{Location, badge::StockState};
use crate::{
    command::Commands,
    domain::{Badge, StockPolicy},
    entity::{channel, variant},
    graphql::loaders::{OfferOfChannel, PromiseOfChannel, loaders},
    store::{Store, badges, channels},
};

/// A way to sell, such as a shop or a marketplace.
#[derive(Debug, Clone)]
pub(crate) struct Channel(pub(crate) Arc<channel::Model>);

/// What a channel may promise of one SKU.
#[derive(SimpleObject)]
pub(crate) struct ChannelAvailability {
    channel: Channel,
    /// Pieces that it may sell now, by its locations, its safety stock and its allocation.
    available_to_promise: i32,
    /// Pieces more that it may promise of what is on its way.
    promisable: i32,
    /// In stock or not, as this channel sees it.
    state: StockState,
    /// When a piece bought now is expected, which is the earliest that is promised to nobody; null unless BACKORDER or
    /// PREORDER.
    expected_at: Option<DateTime<Utc>>,
}

#[Object(cache_control(no_cache))]
impl Channel {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn code(&self) -> &str {
        &self.0.code
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it sells.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Pieces of each variant that it does not offer.
    async fn safety_stock(&self) -> i32 {
        self.0.safety_stock
    }

    /// Where it sells from, first to be taken from in front; empty for every location. At most 1,000.
    async fn locations(&self, ctx: &Context<'_>) -> Result<Vec<Location>, Error> {
        let rows = channels::locations_of(ctx.data::<Store>()?.reader(), &self.0.id).await?;
        let mut locations = Vec::with_capacity(rows.len());
        for row in rows {
            locations.push(Location::referred_by_id(ctx, &row.location_id).await?);
        }
        Ok(locations)
    }

    /// Grows with every change of its rules.
    async fn revision(&self) -> i64 {
        self.0.revision
    }
}

impl ChannelAvailability {
    /// What the channel `code` may promise of `variant`; `None` when there is no such channel.
    pub(super) async fn of(ctx: &Context<'_>, variant: &variant::Model, code: String) -> Result<Option<Self>, Error> {
        let key = PromiseOfChannel { channel: code.clone(), variant_id: variant.id.clone() };
        let Some((channel, available)) = loaders(ctx)?.load_one(key).await? else { return Ok(None) };
        let policy = badges::policy(&variant.stock_policy)?;
        let offer = match policy {
            StockPolicy::Deny => None,
            _ => loaders(ctx)?.load_one(OfferOfChannel { channel: code, variant_id: variant.id.clone() }).await?,
        };
        let offer = offer.unwrap_or_default();
        let badge = badges::of_variant(variant)?;
        let badge = Badge::of(
            available,
            // Nothing is sold beyond stock while nothing can be promised.
            if offer.pieces > 0 { policy } else { StockPolicy::Deny },
            offer.expected_at,
            ctx.data::<Commands>()?.low_stock_threshold(),
            badge.revision,
        );
        Ok(Some(Self {
            channel: Channel(channel),
            available_to_promise: badge.available,
            promisable: offer.pieces,
            state: badge.state.into(),
            expected_at: badge.expected_at,
        }))
    }
}
