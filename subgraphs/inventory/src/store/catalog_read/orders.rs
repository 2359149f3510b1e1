//! Carts and orders by key, what belongs to them, and the list of orders.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{
    keys::one_of,
    page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
};
use crate::{
    entity::{
        cart, cart_line, customer_order, fulfillment, fulfillment_line, order_entry, order_line, order_line_discount,
        order_payment, order_return,
    },
    error::StoreError,
    store::Store,
};

/// Which orders to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those of this customer.
    pub actor: Option<String>,
    /// Only those with this status.
    pub status: Option<&'static str>,
    /// Only those whose money is so far.
    pub financial_status: Option<&'static str>,
    /// Only those whose pieces are so far.
    pub fulfillment_status: Option<&'static str>,
}

fn ordering() -> Ordering {
    Ordering::by("order", customer_order::Column::Number, customer_order::Column::Id).descending()
}

/// The cursor of `row` in the list of orders.
#[must_use]
pub fn order_cursor(row: &customer_order::Model) -> String {
    encode_cursor(ordering().name, Key::Number(row.number), &row.id)
}

/// One page of the orders that `filter` leaves, the latest in front.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_orders(
    store: &Store,
    filter: &OrderFilter,
    page: &PageRequest,
) -> Result<Page<customer_order::Model>, ReadError> {
    let mut select = customer_order::Entity::find();
    if let Some(actor) = &filter.actor {
        select = select.filter(customer_order::Column::Actor.eq(actor.as_str()));
    }
    for (column, value) in [
        (customer_order::Column::Status, filter.status),
        (customer_order::Column::FinancialStatus, filter.financial_status),
        (customer_order::Column::FulfillmentStatus, filter.fulfillment_status),
    ] {
        if let Some(value) = value {
            select = select.filter(column.eq(value));
        }
    }
    Ok(Page::of(select_page(select, &ordering(), page)?.all(store.reader()).await?, page))
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
    /// The carts with one of these ids.
    carts_by_id(cart by Id, Id);
    /// The lines of these carts, each cart's in the order in which they were added.
    lines_of_carts(cart_line by CartId, Id);
    /// The orders with one of these ids.
    orders_by_id(customer_order by Id, Number);
    /// The lines of these orders, each order's in order.
    lines_of_orders(order_line by OrderId, Position);
    /// The lines with one of these ids.
    order_lines_by_id(order_line by Id, Id);
    /// What made these lines cheaper, each line's in order.
    discounts_of_lines(order_line_discount by LineId, Position);
    /// The payments of these orders, each order's oldest first.
    payments_of_orders(order_payment by OrderId, Id);
    /// The fulfillments of these orders, each order's oldest first.
    fulfillments_of_orders(fulfillment by OrderId, Id);
    /// The lines of these fulfillments.
    lines_of_fulfillments(fulfillment_line by FulfillmentId, LineId);
    /// What came back of these orders, oldest first.
    returns_of_orders(order_return by OrderId, Id);
    /// What happened to these orders, oldest first.
    entries_of_orders(order_entry by OrderId, Revision);
}
