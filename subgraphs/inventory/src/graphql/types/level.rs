//! Stock levels: one variant at one location.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};

use super::{
    Location, ProductVariant,
    event::{StockEventConnection, StockHistoryFilter, history},
};
use crate::{
    domain::{Level, Quantities, QuantityName},
    entity::stock_level,
    graphql::{error::of_reading, limits::page_request},
    store::catalog_read::{Page, PageRequest},
};

#[derive(Debug, Clone)]
pub(crate) struct InventoryLevel(pub(crate) Arc<stock_level::Model>);

pub(crate) type InventoryLevelConnection = Connection<String, InventoryLevel>;

/// The names of quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "QuantityName")]
pub(crate) enum InventoryQuantityName {
    Available,
    OnHand,
    Committed,
    Reserved,
    Damaged,
    QualityControl,
    SafetyStock,
    Incoming,
}

#[derive(SimpleObject)]
pub(crate) struct InventoryQuantities {
    /// Everything that lies there.
    on_hand: i32,
    /// Promised to customers: held by a reservation, or ordered and not yet sent.
    committed: i32,
    /// Set aside by staff.
    reserved: i32,
    /// There, and not fit for sale.
    damaged: i32,
    /// There, and being looked at.
    quality_control: i32,
    /// Kept back from sale.
    safety_stock: i32,
    /// On hand − committed − reserved − damaged − quality control − safety stock, never below zero.
    available: i32,
    /// On their way.
    incoming: i32,
}

impl From<Quantities> for InventoryQuantities {
    fn from(quantities: Quantities) -> Self {
        Self {
            on_hand: quantities.on_hand,
            committed: quantities.committed,
            reserved: quantities.reserved,
            damaged: quantities.damaged,
            quality_control: quantities.quality_control,
            safety_stock: quantities.safety_stock,
            available: quantities.available(),
            incoming: quantities.incoming,
        }
    }
}

impl InventoryQuantities {
    /// All of these together.
    pub(super) fn sum(all: &[Quantities]) -> Self {
        let sum = |of: fn(&Quantities) -> i32| all.iter().map(of).fold(0, i32::saturating_add);
        Self {
            on_hand: sum(|one| one.on_hand),
            committed: sum(|one| one.committed),
            reserved: sum(|one| one.reserved),
            damaged: sum(|one| one.damaged),
            quality_control: sum(|one| one.quality_control),
            safety_stock: sum(|one| one.safety_stock),
            available: sum(Quantities::available),
            incoming: sum(|one| one.incoming),
        }
    }
}

/// One page of the levels of one variant. There is at most one per location, so the loader reads them all for every
/// variant of the request at once, and the page is cut here.
pub(crate) fn level_connection(
    rows: &[Arc<stock_level::Model>],
    page: &PageRequest,
) -> Result<InventoryLevelConnection, Error> {
    let page = Page::cut("level", rows, |row| &row.id, page).map_err(of_reading)?;
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |(cursor, row)| Edge::new(cursor, InventoryLevel(row));
    connection.edges.extend(page.rows.into_iter().map(edge));
    Ok(connection)
}

// Not every change of a level changes a badge, and of the others nobody hears.
#[Object(cache_control(no_cache))]
impl InventoryLevel {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn quantities(&self) -> InventoryQuantities {
        Level::from(&*self.0).quantities.into()
    }

    async fn version(&self) -> i64 {
        self.0.version
    }

    /// What happened here, newest first. Scope inventory:read. `first` and `last` are at most 250, and 20 when neither
    /// is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<StockHistoryFilter>,
    ) -> Result<Option<StockEventConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let of = (self.0.variant_id.as_str(), Some(self.0.location_id.clone()));
        history(ctx, "InventoryLevel.history", of, filter, &page).await.map(Some)
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
