//! What is projected from the ledger, and reading it no older than one's own write.

use std::time::Duration;

use async_graphql::{
    Context, Error, ID, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep};

use super::{
    access,
    error::{bad_user_input, of_reading, position_not_reached},
    limits::{page_request, storable},
    loaders::{VariantBySku, loaders},
    types::{InventoryQuantities, Location, ProductVariant},
};
use crate::{
    command::Commands,
    domain::Quantities,
    store::{
        Engine, Position, Store,
        projected::{
            self, LOW_STOCK, MOVEMENTS, Movement, ProjectedLevel, is_reached, lag, low_stock, low_stock_cursor,
            movements,
        },
    },
};

/// How long a read waits for a position.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The most days of movements at once.
const DAYS_MAX: i64 = 366;

#[derive(Default)]
pub(crate) struct ProjectedQuery;

/// A level with few pieces.
pub(crate) struct LowStockLevel(ProjectedLevel);

type LowStockLevelConnection = Connection<String, LowStockLevel>;

#[Object(cache_control(private, no_cache))]
impl LowStockLevel {
    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn available(&self) -> i32 {
        self.0.available
    }

    async fn quantities(&self) -> InventoryQuantities {
        Quantities {
            on_hand: self.0.on_hand,
            committed: self.0.committed,
            reserved: self.0.reserved,
            damaged: self.0.damaged,
            quality_control: self.0.quality_control,
            safety_stock: self.0.safety_stock,
            incoming: self.0.incoming,
        }
        .into()
    }

    /// Number of events that are in it.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// What happened to the stock of a variant on one day, by kind.
#[derive(SimpleObject)]
pub(crate) struct StockMovement {
    /// The day of UTC, such as 2026-11-28.
    day: String,
    /// A StockEventKind.
    kind: String,
    events: i64,
    /// Pieces that came to be on hand.
    pieces_in: i64,
    /// Pieces that were no longer on hand.
    pieces_out: i64,
    /// By how much what is committed changed.
    committed: i64,
}

impl From<Movement> for StockMovement {
    fn from(movement: Movement) -> Self {
        let Movement { day, kind, events, pieces_in, pieces_out, committed } = movement;
        Self { day, kind, events, pieces_in, pieces_out, committed }
    }
}

#[Object]
impl ProjectedQuery {
    /// Levels with `threshold` pieces or fewer available, the scarcest first; the threshold of badges when it is absent.
    /// With `atLeast`, the position of a write, never older than that. Scope inventory:read. `first` and `last` are at
    /// most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn low_stock(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        location_id: Option<ID>,
        threshold: Option<i32>,
        at_least: Option<String>,
    ) -> Result<Option<LowStockLevelConnection>, Error> {
        access::require(ctx, "Query.lowStock")?;
        let page = page_request(first, after, last, before)?;
        storable("locationId", location_id.as_deref().map_or("", String::as_str))?;
        let threshold = match threshold {
            Some(threshold) => threshold,
            None => ctx.data::<Commands>()?.low_stock_threshold(),
        };
        let store = ctx.data::<Store>()?;
        be_at_least(store, LOW_STOCK, at_least.as_deref()).await?;
        let location_id = location_id.as_deref().map(String::as_str);
        let rows = low_stock(store, location_id, threshold, &page).await.map_err(of_reading)?;
        let mut connection = Connection::new(rows.has_previous_page, rows.has_next_page);
        connection.edges.extend(rows.rows.into_iter().map(|row| Edge::new(low_stock_cursor(&row), LowStockLevel(row))));
        Ok(Some(connection))
    }

    /// What happened to the stock of a SKU by day of UTC and kind, newest first, from the day of `from` to that of
    /// `until`, at most 366 days. Over all locations, or at one. Null when there is no such SKU. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn stock_movements(
        &self,
        ctx: &Context<'_>,
        sku: String,
        location_id: Option<ID>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        at_least: Option<String>,
    ) -> Result<Option<Vec<StockMovement>>, Error> {
        access::require(ctx, "Query.stockMovements")?;
        storable("locationId", location_id.as_deref().map_or("", String::as_str))?;
        if until < from || until - from > TimeDelta::days(DAYS_MAX) {
            return Err(bad_user_input(format!("`until` must follow `from` within {DAYS_MAX} days")));
        }
        let Some(row) = loaders(ctx)?.load_one(VariantBySku(storable("sku", &sku)?.to_owned())).await? else {
            return Ok(None);
        };
        let store = ctx.data::<Store>()?;
        be_at_least(store, MOVEMENTS, at_least.as_deref()).await?;
        let location_id = location_id.as_deref().map(String::as_str);
        let rows = movements(store, &row.id, location_id, (from, until)).await?;
        Ok(Some(rows.into_iter().map(StockMovement::from).collect()))
    }
}

/// Waits until what `projection` serves has everything up to `position`, if one is given.
///
/// # Errors
///
/// `BAD_USER_INPUT` when it is no position of this database, `POSITION_NOT_REACHED` when it is not reached within two
/// seconds, or nothing is projected yet.
async fn be_at_least(store: &Store, projection: &str, position: Option<&str>) -> Result<(), Error> {
    let position = position.map(str::parse::<Position>).transpose();
    let position = position.map_err(|error| bad_user_input(format!("`atLeast`: {error}")))?;
    match (position, store.engine()) {
        (None, _) if projected::serving(store, projection).await?.is_some() => return Ok(()),
        (None, _) | (Some(Position::Transaction(_)), Engine::Postgres) | (Some(Position::Event(_)), Engine::Sqlite) => {
        }
        _ => return Err(bad_user_input("`atLeast` is a position of another database")),
    }
    let given_up = Instant::now() + WAIT_MAX;
    loop {
        let is_there = match position {
            None => projected::serving(store, projection).await?.is_some(),
            Some(position) => is_reached(store, projection, position).await?,
        };
        if is_there {
            return Ok(());
        }
        if Instant::now() >= given_up {
            return Err(position_not_reached(projection, lag(store, projection).await?));
        }
        sleep(LOOK_EVERY).await;
    }
}
