//! Our own books of payments.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::OnConflict,
};

use super::OrderRows;
use crate::{
    entity::{order_payment, payment_notice},
    store::{StoreError, ledger::new_id},
};

/// `kind` of what a customer pays.
pub(crate) const CHARGE: &str = "CHARGE";
/// `kind` of what goes back.
pub(crate) const REFUND: &str = "REFUND";
/// `status` before the provider has answered for good.
pub(crate) const PENDING: &str = "PENDING";
/// `status` of a promised payment.
pub(crate) const AUTHORIZED: &str = "AUTHORIZED";
/// `status` of a payment that was taken.
pub(crate) const CAPTURED: &str = "CAPTURED";
/// `status` of a payment that was let go.
pub(crate) const VOIDED: &str = "VOIDED";
/// `status` of what the provider would not do.
pub(crate) const DECLINED: &str = "DECLINED";
/// `status` of what went back.
pub(crate) const REFUNDED: &str = "REFUNDED";

/// The payments of an order, oldest first.
pub(crate) async fn of_order(
    connection: &impl ConnectionTrait,
    order_id: &str,
) -> Result<Vec<order_payment::Model>, StoreError> {
    Ok(order_payment::Entity::find()
        .filter(order_payment::Column::OrderId.eq(order_id))
        .order_by_asc(order_payment::Column::Id)
        .all(connection)
        .await?)
}

/// Writes that a payment is about to be asked for, or money about to go back.
pub(crate) async fn begin(
    transaction: &impl ConnectionTrait,
    order: &OrderRows,
    (kind, amount_minor, reason): (&str, i64, Option<String>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let payment = order_payment::Model {
        id: new_id(),
        order_id: order.order.id.clone(),
        kind: kind.to_owned(),
        status: PENDING.to_owned(),
        amount_minor,
        currency: order.order.currency.clone(),
        reason,
        created_at: now,
        updated_at: now,
    };
    let row = payment.into_active_model().reset_all();
    order_payment::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Begins to give back `owed_minor`, or what is left of the payment when that is less; gives whether there was anything.
pub(crate) async fn owe(
    transaction: &impl ConnectionTrait,
    order: &OrderRows,
    (owed_minor, reason): (i64, &str),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let payments = of_order(transaction, &order.order.id).await?;
    let going_back: i64 = payments
        .iter()
        .filter(|payment| payment.kind == REFUND && payment.status != DECLINED)
        .map(|payment| payment.amount_minor)
        .sum();
    let amount_minor = owed_minor.min(order.order.captured_minor - going_back);
    if amount_minor <= 0 {
        return Ok(false);
    }
    begin(transaction, order, (REFUND, amount_minor, Some(reason.to_owned())), now).await?;
    Ok(true)
}

/// Gives a payment another status.
pub(crate) async fn settle(
    transaction: &impl ConnectionTrait,
    id: &str,
    (status, reason): (&str, Option<String>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut changed =
        order_payment::ActiveModel { status: Set(status.to_owned()), updated_at: Set(now), ..Default::default() };
    if reason.is_some() {
        changed.reason = Set(reason);
    }
    let own = order_payment::Column::Id.eq(id);
    order_payment::Entity::update_many().set(changed).filter(own).exec(transaction).await?;
    Ok(())
}

/// Remembers a notice of the provider; `false` when it was heard before.
pub(crate) async fn hear(
    transaction: &impl ConnectionTrait,
    notice_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let row = payment_notice::Model { id: notice_id.to_owned(), received_at: now }.into_active_model().reset_all();
    let known = OnConflict::column(payment_notice::Column::Id).do_nothing().to_owned();
    let written = payment_notice::Entity::insert_many([row]).on_conflict(known).exec_without_returning(transaction);
    Ok(written.await? == 1)
}
