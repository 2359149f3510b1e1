//! Entries of the ledger.

use async_graphql::{
    Context, Enum, Error, ID, InputObject, Object, SimpleObject,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};

use super::{Location, ProductVariant};
use crate::{
    domain::EventKind,
    entity::stock_event,
    graphql::{
        access,
        error::{bad_user_input, of_reading},
        limits::storable,
    },
    store::{
        Store,
        catalog_read::{self, PageRequest, history_cursor, stock_history},
    },
};

/// What happened to a level. Nothing in it ever changes.
pub(crate) struct StockEvent(stock_event::Model);

pub(crate) type StockEventConnection = Connection<String, StockEvent>;

/// What has happened. RESERVED, RELEASED and EXPIRED are of reservations and change what is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "EventKind")]
pub(crate) enum StockEventKind {
    Adjusted,
    Received,
    Damaged,
    Moved,
    Transferred,
    Reserved,
    Released,
    Expired,
    Loaded,
    /// What was held became an order; no quantity moves.
    Committed,
    /// Pieces of an order left.
    Fulfilled,
    /// Pieces of an order that were to leave did not.
    FulfillmentCancelled,
    /// Pieces of an order were given up.
    OrderCancelled,
    /// Pieces of an order came back.
    Returned,
    /// Pieces of an order are sent from elsewhere.
    Rerouted,
    /// Pieces were bought, or are on their way.
    InboundExpected,
    /// Pieces that were on their way will not come.
    InboundCut,
    /// Pieces that were on their way came.
    InboundReceived,
    /// Pieces that came are those that an order was promised.
    PromiseKept,
}

/// What is added to each quantity; negative takes away.
#[derive(SimpleObject)]
pub(crate) struct InventoryQuantityDeltas {
    on_hand: i32,
    committed: i32,
    reserved: i32,
    damaged: i32,
    quality_control: i32,
    safety_stock: i32,
    incoming: i32,
}

/// Which part of a history.
#[derive(Default, InputObject)]
pub(crate) struct StockHistoryFilter {
    /// Only of these kinds.
    kinds: Option<Vec<StockEventKind>>,
    /// At or after.
    from: Option<DateTime<Utc>>,
    /// Before.
    until: Option<DateTime<Utc>>,
}

#[Object(cache_control(private, no_cache))]
impl StockEvent {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn kind(&self) -> Result<StockEventKind, Error> {
        let kind = EventKind::parse(&self.0.kind);
        kind.map(StockEventKind::from).ok_or_else(|| Error::new(format!("there is no event kind `{}`", self.0.kind)))
    }

    /// The version of the level after it.
    async fn version(&self) -> i64 {
        self.0.version
    }

    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn changes(&self) -> InventoryQuantityDeltas {
        InventoryQuantityDeltas {
            on_hand: self.0.on_hand_delta,
            committed: self.0.committed_delta,
            reserved: self.0.reserved_delta,
            damaged: self.0.damaged_delta,
            quality_control: self.0.quality_control_delta,
            safety_stock: self.0.safety_stock_delta,
            incoming: self.0.incoming_delta,
        }
    }

    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The customer, member of staff or service who did it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// The document, cart or order behind it.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    async fn reservation_id(&self) -> Option<&str> {
        self.0.reservation_id.as_deref()
    }

    /// The request behind it, as in the logs.
    async fn correlation_id(&self) -> &str {
        &self.0.correlation_id
    }

    async fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }
}

/// One page of what happened to `variant_id`, at `location_id` if that is given. Staff alone may know.
pub(super) async fn history(
    ctx: &Context<'_>,
    field: &str,
    (variant_id, location_id): (&str, Option<String>),
    filter: Option<StockHistoryFilter>,
    page: &PageRequest,
) -> Result<StockEventConnection, Error> {
    access::require(ctx, field)?;
    let StockHistoryFilter { kinds, from, until } = filter.unwrap_or_default();
    let kinds = kinds.unwrap_or_default();
    if kinds.len() > EventKind::ALL.len() {
        return Err(bad_user_input("`kinds` has more entries than there are kinds"));
    }
    storable("locationId", location_id.as_deref().unwrap_or_default())?;
    let kinds = kinds.into_iter().map(EventKind::from).collect();
    let filter = catalog_read::HistoryFilter { location_id, kinds, from, until };
    let rows = stock_history(ctx.data::<Store>()?, variant_id, &filter, page).await.map_err(of_reading)?;
    let mut connection = Connection::new(rows.has_previous_page, rows.has_next_page);
    connection.edges.extend(rows.rows.into_iter().map(|row| Edge::new(history_cursor(&row), StockEvent(row))));
    Ok(connection)
}
