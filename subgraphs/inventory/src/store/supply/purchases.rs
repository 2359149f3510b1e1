//! Suppliers, purchase orders and shipments.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    domain::supply::{PurchaseStatus, ShipmentStatus},
    entity::{inbound_shipment, purchase_order, purchase_order_line, supplier},
    store::StoreError,
};

/// The supplier with `id`, locked.
pub(crate) async fn lock_supplier(
    transaction: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<supplier::Model>, StoreError> {
    Ok(supplier::Entity::find_by_id(id).lock_exclusive().one(transaction).await?)
}

/// Writes a new supplier, or a changed one.
pub(crate) async fn write_supplier(
    transaction: &impl ConnectionTrait,
    row: &supplier::Model,
) -> Result<(), StoreError> {
    let is_new = row.revision == 1;
    let row = row.clone().into_active_model().reset_all();
    if is_new {
        supplier::Entity::insert(row).exec_without_returning(transaction).await?;
    } else {
        row.update(transaction).await?;
    }
    Ok(())
}

/// The purchase order with `id`, locked, with its lines in order.
pub(crate) async fn lock_purchase(
    transaction: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<(purchase_order::Model, Vec<purchase_order_line::Model>)>, StoreError> {
    let found = purchase_order::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    let Some(order) = found else { return Ok(None) };
    let lines = purchase_order_line::Entity::find()
        .filter(purchase_order_line::Column::PurchaseOrderId.eq(id))
        .order_by_asc(purchase_order_line::Column::Position)
        .all(transaction)
        .await?;
    Ok(Some((order, lines)))
}

/// The shipment with `id`, locked; its purchase order has been locked before.
pub(crate) async fn lock_shipment(
    transaction: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<inbound_shipment::Model>, StoreError> {
    Ok(inbound_shipment::Entity::find_by_id(id).lock_exclusive().one(transaction).await?)
}

/// The purchase order of the shipment with `id`, which never changes; the outer `None` when there is no shipment.
pub(crate) async fn purchase_of_shipment(
    transaction: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<Option<String>>, StoreError> {
    let found = inbound_shipment::Entity::find_by_id(id).one(transaction).await?;
    Ok(found.map(|row| row.purchase_order_id))
}

/// The status in a row.
pub(crate) fn purchase_status(row: &purchase_order::Model) -> Result<PurchaseStatus, StoreError> {
    PurchaseStatus::parse(&row.status).ok_or_else(|| unknown("purchase_order", &row.status))
}

/// The status in a row.
pub(crate) fn shipment_status(row: &inbound_shipment::Model) -> Result<ShipmentStatus, StoreError> {
    ShipmentStatus::parse(&row.status).ok_or_else(|| unknown("inbound_shipment", &row.status))
}

fn unknown(table: &'static str, name: &str) -> StoreError {
    StoreError::Corrupt { table, reason: format!("there is no `{name}`") }
}

/// Writes a new purchase order.
pub(crate) async fn insert_purchase(
    transaction: &impl ConnectionTrait,
    row: &purchase_order::Model,
    lines: Vec<purchase_order_line::Model>,
) -> Result<(), StoreError> {
    let row = row.clone().into_active_model().reset_all();
    purchase_order::Entity::insert(row).exec_without_returning(transaction).await?;
    insert_lines(transaction, lines).await
}

async fn insert_lines(
    transaction: &impl ConnectionTrait,
    lines: Vec<purchase_order_line::Model>,
) -> Result<(), StoreError> {
    let lines = lines.into_iter().map(|line| line.into_active_model().reset_all());
    purchase_order_line::Entity::insert_many(lines).exec_without_returning(transaction).await?;
    Ok(())
}

/// Puts `lines` in place of those of a draft.
pub(crate) async fn replace_purchase_lines(
    transaction: &impl ConnectionTrait,
    purchase_order_id: &str,
    lines: Vec<purchase_order_line::Model>,
) -> Result<(), StoreError> {
    let own = purchase_order_line::Column::PurchaseOrderId.eq(purchase_order_id);
    purchase_order_line::Entity::delete_many().filter(own).exec(transaction).await?;
    insert_lines(transaction, lines).await
}

/// Writes a changed purchase order under its next revision.
pub(crate) async fn update_purchase(
    transaction: &impl ConnectionTrait,
    row: &mut purchase_order::Model,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    row.revision += 1;
    row.updated_at = now;
    row.clone().into_active_model().reset_all().update(transaction).await?;
    Ok(())
}

/// Writes a new shipment.
pub(crate) async fn insert_shipment(
    transaction: &impl ConnectionTrait,
    row: &inbound_shipment::Model,
) -> Result<(), StoreError> {
    let row = row.clone().into_active_model().reset_all();
    inbound_shipment::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Writes a changed shipment under its next revision.
pub(crate) async fn update_shipment(
    transaction: &impl ConnectionTrait,
    row: &mut inbound_shipment::Model,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    row.revision += 1;
    row.updated_at = now;
    row.clone().into_active_model().reset_all().update(transaction).await?;
    Ok(())
}

/// Cancels the shipments of a purchase order that were still expected, and closes those that came; nothing of them is left to
/// come.
pub(crate) async fn end_shipments(
    transaction: &impl ConnectionTrait,
    purchase_order_id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ends = [
        (ShipmentStatus::Cancelled, vec![ShipmentStatus::Pending, ShipmentStatus::InTransit]),
        (ShipmentStatus::Closed, vec![ShipmentStatus::Arrived]),
    ];
    for (end, from) in ends {
        let ended = inbound_shipment::ActiveModel {
            status: Set(end.as_str().to_owned()),
            updated_at: Set(now),
            ..Default::default()
        };
        inbound_shipment::Entity::update_many()
            .set(ended)
            .col_expr(inbound_shipment::Column::Revision, Expr::col(inbound_shipment::Column::Revision).add(1))
            .filter(inbound_shipment::Column::PurchaseOrderId.eq(purchase_order_id))
            .filter(inbound_shipment::Column::Status.is_in(from.into_iter().map(ShipmentStatus::as_str)))
            .exec(transaction)
            .await?;
    }
    Ok(())
}
