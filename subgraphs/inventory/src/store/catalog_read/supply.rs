//! Suppliers, purchase orders, shipments and what is on its way, for staff.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    keys::one_of,
    page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
};
use crate::{
    entity::{
        inbound_line, inbound_receipt, inbound_shipment, order_promise, promise_entry, purchase_order,
        purchase_order_line, sell_policy, supplier,
    },
    error::StoreError,
    store::Store,
};

/// Which purchase orders are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PurchaseFilter {
    /// Only with this status.
    pub status: Option<&'static str>,
    /// Only of this supplier.
    pub supplier_id: Option<String>,
}

/// Which shipments are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShipmentFilter {
    /// Only with this status.
    pub status: Option<&'static str>,
    /// Only of this purchase order.
    pub purchase_order_id: Option<String>,
    /// Only those expected before.
    pub expected_before: Option<DateTime<Utc>>,
}

fn by_code() -> Ordering {
    Ordering::by("suppliers", supplier::Column::Code, supplier::Column::Id)
}

fn by_creation() -> Ordering {
    Ordering::by("purchaseOrders", purchase_order::Column::CreatedAt, purchase_order::Column::Id).descending()
}

fn by_arrival() -> Ordering {
    Ordering::by("inboundShipments", inbound_shipment::Column::ExpectedAt, inbound_shipment::Column::Id)
}

/// The cursor of `row` in the list of suppliers.
#[must_use]
pub fn supplier_cursor(row: &supplier::Model) -> String {
    encode_cursor(by_code().name, Key::Text(row.code.clone()), &row.id)
}

/// The cursor of `row` in the list of purchase orders.
#[must_use]
pub fn purchase_cursor(row: &purchase_order::Model) -> String {
    encode_cursor(by_creation().name, Key::Time(row.created_at), &row.id)
}

/// The cursor of `row` in the list of shipments.
#[must_use]
pub fn shipment_cursor(row: &inbound_shipment::Model) -> String {
    encode_cursor(by_arrival().name, Key::Time(row.expected_at), &row.id)
}

/// One page of suppliers by code; `archived` says which.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_suppliers(
    store: &Store,
    archived: Option<bool>,
    page: &PageRequest,
) -> Result<Page<supplier::Model>, ReadError> {
    let mut select = supplier::Entity::find();
    if let Some(archived) = archived {
        select = select.filter(supplier::Column::Archived.eq(archived));
    }
    Ok(Page::of(select_page(select, &by_code(), page)?.all(store.reader()).await?, page))
}

/// One page of purchase orders, the latest first.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_purchases(
    store: &Store,
    filter: &PurchaseFilter,
    page: &PageRequest,
) -> Result<Page<purchase_order::Model>, ReadError> {
    let mut select = purchase_order::Entity::find();
    if let Some(status) = filter.status {
        select = select.filter(purchase_order::Column::Status.eq(status));
    }
    if let Some(supplier_id) = &filter.supplier_id {
        select = select.filter(purchase_order::Column::SupplierId.eq(supplier_id.as_str()));
    }
    Ok(Page::of(select_page(select, &by_creation(), page)?.all(store.reader()).await?, page))
}

/// One page of shipments, the next to come first.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_shipments(
    store: &Store,
    filter: &ShipmentFilter,
    page: &PageRequest,
) -> Result<Page<inbound_shipment::Model>, ReadError> {
    let mut select = inbound_shipment::Entity::find();
    if let Some(status) = filter.status {
        select = select.filter(inbound_shipment::Column::Status.eq(status));
    }
    if let Some(id) = &filter.purchase_order_id {
        select = select.filter(inbound_shipment::Column::PurchaseOrderId.eq(id.as_str()));
    }
    if let Some(time) = filter.expected_before {
        select = select.filter(inbound_shipment::Column::ExpectedAt.lt(time));
    }
    Ok(Page::of(select_page(select, &by_arrival(), page)?.all(store.reader()).await?, page))
}

/// What is still to come of these variants, each variant's the next to come first.
///
/// # Errors
///
/// When the store fails.
pub async fn inbound_of_variants(store: &Store, ids: &[String]) -> Result<Vec<inbound_line::Model>, StoreError> {
    let open = inbound_line::Entity::find().filter(one_of(store, inbound_line::Column::VariantId, ids));
    let open = open.filter(inbound_line::Column::OpenQuantity.gt(0));
    let open = open.order_by_asc(inbound_line::Column::ExpectedAt).order_by_asc(inbound_line::Column::Id);
    Ok(open.all(store.reader()).await?)
}

/// Declares how rows are read by a set of keys, in the order of a column.
macro_rules! read_by {
    ($($(#[$doc:meta])* $name:ident($entity:ident by $key:ident, $order:ident);)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        ///
        /// When the store fails.
        pub async fn $name(store: &Store, keys: &[String]) -> Result<Vec<$entity::Model>, StoreError> {
            let rows = $entity::Entity::find().filter(one_of(store, $entity::Column::$key, keys));
            Ok(rows.order_by_asc($entity::Column::$order).all(store.reader()).await?)
        }
    )*};
}

read_by! {
    /// The suppliers with one of these ids.
    suppliers_by_id(supplier by Id, Id);
    /// The purchase orders with one of these ids.
    purchases_by_id(purchase_order by Id, Id);
    /// The lines of these purchase orders, each order's in order.
    lines_of_purchases(purchase_order_line by PurchaseOrderId, Position);
    /// The shipments with one of these ids.
    shipments_by_id(inbound_shipment by Id, Id);
    /// The shipments of these purchase orders, oldest first.
    shipments_of_purchases(inbound_shipment by PurchaseOrderId, Id);
    /// The inbound lines with one of these ids.
    inbound_lines_by_id(inbound_line by Id, Id);
    /// The inbound lines of these purchase orders, sent or not.
    inbound_of_purchases(inbound_line by PurchaseOrderId, Id);
    /// The inbound lines of these shipments.
    inbound_of_shipments(inbound_line by ShipmentId, Id);
    /// The promises of these order lines.
    promises_of_lines(order_promise by OrderLineId, Sequence);
    /// What happened to the promises of these order lines, oldest first.
    entries_of_promises(promise_entry by OrderLineId, Id);
    /// The terms under which these variants sell beyond their stock, where there are any.
    sell_policies_of_variants(sell_policy by VariantId, VariantId);
    /// What came of these inbound lines, oldest first.
    receipts_of_lines(inbound_receipt by LineId, Id);
}
