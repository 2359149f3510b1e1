//! Stock levels: one variant at one location.

use std::sync::Arc;

use async_graphql::{
    Context, Error, ID, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};

use super::{Location, ProductVariant};
use crate::{
    entity::stock_level,
    graphql::error::of_reading,
    store::catalog_read::{Page, PageRequest},
};

#[derive(Debug, Clone)]
pub(crate) struct InventoryLevel(pub(crate) Arc<stock_level::Model>);

pub(crate) type InventoryLevelConnection = Connection<String, InventoryLevel>;

#[derive(SimpleObject)]
pub(crate) struct InventoryQuantities {
    on_hand: i32,
    committed: i32,
    safety_stock: i32,
    available: i32,
    incoming: i32,
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
        let row = &self.0;
        InventoryQuantities {
            on_hand: row.on_hand,
            committed: row.committed,
            safety_stock: row.safety_stock,
            available: row.on_hand.saturating_sub(row.committed).saturating_sub(row.safety_stock).max(0),
            incoming: row.incoming,
        }
    }

    async fn version(&self) -> i64 {
        self.0.version
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
