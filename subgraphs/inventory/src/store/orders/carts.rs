//! Rows of carts.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, sea_query::LockType,
};

use crate::{
    entity::{cart, cart_line},
    store::{StoreError, ledger::new_id},
};

/// `status` of a cart that can be changed.
pub(crate) const OPEN: &str = "OPEN";
/// `status` of a cart that became an order.
pub(crate) const ORDERED: &str = "ORDERED";

/// A cart with its lines in the order in which they were added.
#[derive(Debug, Clone)]
pub(crate) struct CartRows {
    pub(crate) cart: cart::Model,
    pub(crate) lines: Vec<cart_line::Model>,
}

/// Writes a new cart.
pub(crate) async fn insert(transaction: &impl ConnectionTrait, cart: cart::Model) -> Result<(), StoreError> {
    let row = cart.into_active_model().reset_all();
    cart::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Locks and loads the cart with `id`.
pub(crate) async fn lock(transaction: &impl ConnectionTrait, id: &str) -> Result<Option<CartRows>, StoreError> {
    let found = cart::Entity::find_by_id(id).lock(LockType::Update).one(transaction).await?;
    let Some(cart) = found else { return Ok(None) };
    Ok(Some(CartRows { lines: lines(transaction, id).await?, cart }))
}

async fn lines(connection: &impl ConnectionTrait, cart_id: &str) -> Result<Vec<cart_line::Model>, StoreError> {
    let own = cart_line::Entity::find().filter(cart_line::Column::CartId.eq(cart_id));
    Ok(own.order_by_asc(cart_line::Column::Id).all(connection).await?)
}

/// Makes the lines of a locked cart the `wanted` pieces by variant, in that order where they are new; zero is none.
pub(crate) async fn write_lines(
    transaction: &impl ConnectionTrait,
    rows: &CartRows,
    wanted: &[(String, i32)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (variant_id, quantity) in wanted {
        let known = rows.lines.iter().find(|line| line.variant_id == *variant_id);
        match known {
            Some(line) if *quantity == 0 => {
                cart_line::Entity::delete_by_id(line.id.as_str()).exec(transaction).await?;
            }
            Some(line) if line.quantity == *quantity => {}
            Some(line) => {
                let changed = cart_line::Model { quantity: *quantity, ..line.clone() };
                changed.into_active_model().reset_all().update(transaction).await?;
            }
            None if *quantity == 0 => {}
            None => {
                let (cart_id, variant_id) = (rows.cart.id.clone(), variant_id.clone());
                let line = cart_line::Model { id: new_id(), cart_id, variant_id, quantity: *quantity };
                let line = line.into_active_model().reset_all();
                cart_line::Entity::insert(line).exec_without_returning(transaction).await?;
            }
        }
    }
    set_status(transaction, &rows.cart.id, &rows.cart.status, now).await
}

/// The codes of promotions that are in a cart.
pub(crate) fn codes_of(cart: &cart::Model) -> Vec<String> {
    let codes = cart.codes.as_array().map(Vec::as_slice).unwrap_or_default();
    codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect()
}

/// Puts `codes` in place of those that are in a cart.
pub(crate) async fn write_codes(
    transaction: &impl ConnectionTrait,
    id: &str,
    codes: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = cart::ActiveModel { codes: Set(codes.into()), updated_at: Set(now), ..Default::default() };
    cart::Entity::update_many().set(changed).filter(cart::Column::Id.eq(id)).exec(transaction).await?;
    Ok(())
}

/// Gives a cart another status.
pub(crate) async fn set_status(
    transaction: &impl ConnectionTrait,
    id: &str,
    status: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = cart::ActiveModel { status: Set(status.to_owned()), updated_at: Set(now), ..Default::default() };
    cart::Entity::update_many().set(changed).filter(cart::Column::Id.eq(id)).exec(transaction).await?;
    Ok(())
}
