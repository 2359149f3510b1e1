//! An order with everything that a decision about it needs.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};

use super::unknown;
use crate::{
    domain::order::{AwaitedPieces, FulfillmentStatus, LineState, OrderState, OrderStatus, Piece},
    entity::{customer_order, fulfillment, fulfillment_line, order_allocation, order_line, order_promise},
    store::{StoreError, ledger::new_id},
};

/// `status` of a fulfillment that waits to be fetched.
pub(crate) const READY: &str = "READY_FOR_PICKUP";
/// `status` of a fulfillment that was sent.
pub(crate) const SENT: &str = "SENT";
/// `status` of a fulfillment that was fetched.
pub(crate) const PICKED_UP: &str = "PICKED_UP";
/// `status` of a fulfillment that did not come to be.
pub(crate) const CANCELLED: &str = "CANCELLED";

/// An order, its lines in order, where its open pieces lie, and its fulfillments.
#[derive(Debug, Clone)]
pub struct OrderRows {
    /// The order.
    pub order: customer_order::Model,
    /// Its lines, in order.
    pub lines: Vec<order_line::Model>,
    /// Where its open pieces lie.
    pub allocations: Vec<order_allocation::Model>,
    /// What is promised of what is on its way.
    pub promises: Vec<order_promise::Model>,
    /// What was sent, or waits to be fetched.
    pub fulfillments: Vec<(fulfillment::Model, Vec<fulfillment_line::Model>)>,
}

/// Locks and loads the order with `id`.
pub(crate) async fn lock(transaction: &impl ConnectionTrait, id: &str) -> Result<Option<OrderRows>, StoreError> {
    let found = customer_order::Entity::find().filter(customer_order::Column::Id.eq(id));
    let Some(order) = found.lock(LockType::Update).one(transaction).await? else { return Ok(None) };
    let lines = order_line::Entity::find()
        .filter(order_line::Column::OrderId.eq(id))
        .order_by_asc(order_line::Column::Position)
        .all(transaction)
        .await?;
    let allocations = order_allocation::Entity::find()
        .filter(order_allocation::Column::OrderId.eq(id))
        .order_by_asc(order_allocation::Column::Id)
        .all(transaction)
        .await?;
    let promises = order_promise::Entity::find()
        .filter(order_promise::Column::OrderId.eq(id))
        .filter(order_promise::Column::WaitingQuantity.gt(0))
        .all(transaction)
        .await?;
    let parcels = fulfillment::Entity::find()
        .filter(fulfillment::Column::OrderId.eq(id))
        .order_by_asc(fulfillment::Column::Id)
        .all(transaction)
        .await?;
    let pieces = if parcels.is_empty() {
        Vec::new()
    } else {
        let ids = parcels.iter().map(|parcel| parcel.id.as_str());
        let of_them = fulfillment_line::Column::FulfillmentId.is_in(ids);
        fulfillment_line::Entity::find().filter(of_them).all(transaction).await?
    };
    let with_lines = |parcel: fulfillment::Model| {
        let own = pieces.iter().filter(|piece| piece.fulfillment_id == parcel.id).cloned().collect();
        (parcel, own)
    };
    let fulfillments = parcels.into_iter().map(with_lines).collect();
    Ok(Some(OrderRows { order, lines, allocations, promises, fulfillments }))
}

impl OrderRows {
    /// The order as decisions see it.
    ///
    /// # Errors
    ///
    /// When the row holds a status that does not exist.
    pub(crate) fn state(&self) -> Result<OrderState, StoreError> {
        let status =
            OrderStatus::parse(&self.order.status).ok_or_else(|| unknown("customer_order", &self.order.status))?;
        let line = |row: &order_line::Model| LineState {
            id: row.id.clone(),
            variant_id: row.variant_id.clone(),
            unit_price_minor: row.unit_price_minor,
            quantity: row.quantity,
            fulfilled_quantity: row.fulfilled_quantity,
            cancelled_quantity: row.cancelled_quantity,
            returned_quantity: row.returned_quantity,
        };
        let piece = |row: &order_allocation::Model| Piece {
            line_id: row.line_id.clone(),
            variant_id: row.variant_id.clone(),
            location_id: row.location_id.clone(),
            quantity: row.quantity,
        };
        let awaited = |row: &order_promise::Model| AwaitedPieces {
            line_id: row.order_line_id.clone(),
            quantity: row.waiting_quantity,
        };
        let waiting = self.fulfillments.iter().filter(|(parcel, _)| parcel.status == READY);
        Ok(OrderState {
            status,
            lines: self.lines.iter().map(line).collect(),
            allocations: self.allocations.iter().map(piece).collect(),
            awaited: self.promises.iter().map(awaited).collect(),
            ready: waiting.flat_map(|(parcel, lines)| pieces(parcel, lines)).collect(),
        })
    }

    /// Makes the rows what `state` says and writes lines and allocations; the order itself is left to be recorded.
    pub(crate) async fn apply(
        &mut self,
        transaction: &impl ConnectionTrait,
        state: &OrderState,
    ) -> Result<(), StoreError> {
        self.order.status = state.status.as_str().to_owned();
        let fulfillment = FulfillmentStatus::of(&state.lines, !state.ready.is_empty());
        self.order.fulfillment_status = fulfillment.as_str().to_owned();
        for row in &mut self.lines {
            let Some(line) = state.line(&row.id) else { continue };
            let counts = |row: &order_line::Model| {
                (row.unit_price_minor, row.fulfilled_quantity, row.cancelled_quantity, row.returned_quantity)
            };
            let before = counts(row);
            row.unit_price_minor = line.unit_price_minor;
            row.fulfilled_quantity = line.fulfilled_quantity;
            row.cancelled_quantity = line.cancelled_quantity;
            row.returned_quantity = line.returned_quantity;
            if before != counts(row) {
                row.clone().into_active_model().reset_all().update(transaction).await?;
            }
        }
        self.write_allocations(transaction, &state.allocations).await
    }

    async fn write_allocations(
        &mut self,
        transaction: &impl ConnectionTrait,
        pieces: &[Piece],
    ) -> Result<(), StoreError> {
        let row = |piece: &Piece| order_allocation::Model {
            id: new_id(),
            order_id: self.order.id.clone(),
            line_id: piece.line_id.clone(),
            variant_id: piece.variant_id.clone(),
            location_id: piece.location_id.clone(),
            quantity: piece.quantity,
        };
        let rows: Vec<order_allocation::Model> = pieces.iter().map(row).collect();
        let own = order_allocation::Column::OrderId.eq(self.order.id.as_str());
        order_allocation::Entity::delete_many().filter(own).exec(transaction).await?;
        if !rows.is_empty() {
            let models = rows.iter().cloned().map(|row| row.into_active_model().reset_all());
            order_allocation::Entity::insert_many(models).exec_without_returning(transaction).await?;
        }
        self.allocations = rows;
        Ok(())
    }

    /// The fulfillment with `id`, with its lines.
    pub(crate) fn fulfillment(&self, id: &str) -> Option<&(fulfillment::Model, Vec<fulfillment_line::Model>)> {
        self.fulfillments.iter().find(|(parcel, _)| parcel.id == id)
    }
}

/// The pieces of a fulfillment.
pub(crate) fn pieces(parcel: &fulfillment::Model, lines: &[fulfillment_line::Model]) -> Vec<Piece> {
    let piece = |line: &fulfillment_line::Model| Piece {
        line_id: line.line_id.clone(),
        variant_id: line.variant_id.clone(),
        location_id: parcel.location_id.clone(),
        quantity: line.quantity,
    };
    lines.iter().map(piece).collect()
}

/// Writes one fulfillment per location of `pieces`, and gives their ids.
pub(crate) async fn insert_fulfillments(
    transaction: &impl ConnectionTrait,
    (order_id, status, tracking_number): (&str, &str, Option<&str>),
    moved: &[Piece],
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let mut locations: Vec<&str> = moved.iter().map(|piece| piece.location_id.as_str()).collect();
    locations.sort_unstable();
    locations.dedup();
    let mut ids = Vec::with_capacity(locations.len());
    for location_id in locations {
        let id = new_id();
        let parcel = fulfillment::Model {
            id: id.clone(),
            order_id: order_id.to_owned(),
            location_id: location_id.to_owned(),
            status: status.to_owned(),
            tracking_number: tracking_number.map(str::to_owned),
            created_at: now,
            updated_at: now,
        };
        let row = parcel.into_active_model().reset_all();
        fulfillment::Entity::insert(row).exec_without_returning(transaction).await?;
        let mut lines: Vec<fulfillment_line::Model> = Vec::new();
        for piece in moved.iter().filter(|piece| piece.location_id == location_id) {
            match lines.iter_mut().find(|line| line.line_id == piece.line_id) {
                Some(line) => line.quantity += piece.quantity,
                None => lines.push(fulfillment_line::Model {
                    fulfillment_id: id.clone(),
                    line_id: piece.line_id.clone(),
                    variant_id: piece.variant_id.clone(),
                    quantity: piece.quantity,
                }),
            }
        }
        let lines = lines.into_iter().map(|line| line.into_active_model().reset_all());
        fulfillment_line::Entity::insert_many(lines).exec_without_returning(transaction).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Gives fulfillments another status.
pub(crate) async fn set_fulfillments(
    transaction: &impl ConnectionTrait,
    ids: &[String],
    status: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    use sea_orm::ActiveValue::Set;
    if ids.is_empty() {
        return Ok(());
    }
    let changed =
        fulfillment::ActiveModel { status: Set(status.to_owned()), updated_at: Set(now), ..Default::default() };
    let chosen = fulfillment::Column::Id.is_in(ids.iter().map(String::as_str));
    fulfillment::Entity::update_many().set(changed).filter(chosen).exec(transaction).await?;
    Ok(())
}
