//! Telling those who wait, in order.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use serde_json::json;

use crate::{
    domain::waitlist::{Free, WaitStatus, Waiting, offer},
    entity::{
        customer_order, product, variant, waitlist_customer,
        waitlist_entry::{ActiveModel, Column, Entity, Model},
        waitlist_notice, waitlist_variant,
    },
    store::{
        Store, StoreError,
        catalog_read::{STATUS_SHOWN, among},
        channels,
        ledger::new_id,
        now,
        outbox::{NewEvent, enqueue},
        projected::OrderedEvent,
    },
};

/// Type of the event that tells that somebody who waited was told.
pub const WAITLIST_NOTIFIED: &str = "com.selvedge.inventory.waitlist_notified.v1";

/// The most who are told in one transaction.
const TOLD_AT_ONCE: u64 = 200;
/// A queue in which somebody waits is looked at this often without an event: rules of channels change without one.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// What came of looking at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// Who were told.
    pub(crate) notified: u64,
    /// Whose time was over.
    pub(crate) lapsed: u64,
}

/// Has the queues of these variants looked at, where there are any.
pub(super) async fn make_due(
    transaction: &impl ConnectionTrait,
    variant_ids: impl IntoIterator<Item = String>,
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    waitlist_variant::Entity::update_many()
        .col_expr(waitlist_variant::Column::DueAt, now::now(backend))
        .filter(among(backend, waitlist_variant::Column::VariantId, variant_ids))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Reacts to `events`: queues of what has moved are due, and who has taken what they were told of is served.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn serve_and_wake(
    transaction: &impl ConnectionTrait,
    events: &[OrderedEvent],
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    let touched = events.iter().map(|one| one.event.variant_id.clone());
    let queues = waitlist_variant::Entity::find()
        .filter(among(backend, waitlist_variant::Column::VariantId, touched))
        .order_by_asc(waitlist_variant::Column::VariantId)
        .lock(LockType::Update)
        .all(transaction)
        .await?;
    if queues.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = queues.into_iter().map(|row| row.variant_id).collect();
    let taken = events.iter().map(|one| &one.event);
    let taken = taken.filter(|event| event.kind == "RESERVED" && ids.contains(&event.variant_id));
    let mut by_order: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut pairs: Vec<(String, &str)> = Vec::new();
    for event in taken {
        // What an order holds is held by the subgraph itself, in the name of the order.
        match event.reference.as_deref().and_then(|reference| reference.strip_prefix("order:")) {
            Some(order_id) => by_order.entry(order_id).or_default().push(&event.variant_id),
            None => pairs.push((event.actor.clone(), &event.variant_id)),
        }
    }
    if !by_order.is_empty() {
        let own = among(backend, customer_order::Column::Id, by_order.keys().map(|id| (*id).to_owned()));
        let orders: Vec<(String, String)> = customer_order::Entity::find()
            .select_only()
            .columns([customer_order::Column::Id, customer_order::Column::Actor])
            .filter(own)
            .into_tuple()
            .all(transaction)
            .await?;
        for (id, actor) in orders {
            let variants = by_order.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
            pairs.extend(variants.iter().map(|variant_id| (actor.clone(), *variant_id)));
        }
    }
    serve(transaction, &pairs).await?;
    make_due(transaction, ids).await
}

async fn serve(transaction: &impl ConnectionTrait, pairs: &[(String, &str)]) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let customers = pairs.iter().map(|(customer_id, _)| customer_id.clone());
    let known =
        waitlist_customer::Entity::find().filter(among(backend, waitlist_customer::Column::CustomerId, customers));
    for customer in known.all(transaction).await? {
        let variants = pairs.iter().filter(|(id, _)| *id == customer.customer_id).map(|(_, variant)| *variant);
        let served = ActiveModel { status: Set(WaitStatus::Served.as_str().to_owned()), ..Default::default() };
        Entity::update_many()
            .set(served)
            .col_expr(Column::EndedAt, now::now(backend))
            .filter(Column::CustomerToken.eq(customer.token))
            .filter(Column::VariantId.is_in(variants))
            .filter(Column::Status.eq(WaitStatus::Notified.as_str()))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// Whether a queue is due; needs no transaction and no lock.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn queue_is_due(store: &Store) -> Result<bool, StoreError> {
    let reader = store.reader();
    let due = Expr::col(waitlist_variant::Column::DueAt).lte(now::now(reader.get_database_backend()));
    Ok(waitlist_variant::Entity::find().filter(due).limit(1).one(reader).await?.is_some())
}

/// Looks at the queue that is due for longest and that nobody else looks at: ends offers whose time is over, and tells those who
/// wait. `None` when no queue is due.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn look(
    transaction: &impl ConnectionTrait,
    store: &Store,
    offer_for: TimeDelta,
) -> Result<Option<Told>, StoreError> {
    let backend = transaction.get_database_backend();
    let due = waitlist_variant::Entity::find()
        .filter(Expr::col(waitlist_variant::Column::DueAt).lte(now::now(backend)))
        .order_by_asc(waitlist_variant::Column::DueAt)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(transaction)
        .await?;
    let Some(queue) = due else { return Ok(None) };
    let id = queue.variant_id;
    let now = now::read(transaction).await?;
    let lapsed = lapse(transaction, &id, now).await?;
    let waiting = Entity::find()
        .filter(Column::VariantId.eq(id.as_str()))
        .filter(Column::Status.eq(WaitStatus::Waiting.as_str()))
        .order_by_asc(Column::Seq)
        .limit(TOLD_AT_ONCE)
        .all(transaction)
        .await?;
    let offered = offered(transaction, &id).await?;
    let variant = variant::Entity::find_by_id(id.as_str()).one(transaction).await?;
    let mut notified = Vec::new();
    let mut is_full = false;
    if let Some(variant) = variant {
        let free = free(transaction, store, (&variant, &waiting), &offered).await?;
        let wishes: Vec<Waiting> =
            waiting.iter().map(|row| Waiting { quantity: row.quantity, channel: row.channel.clone() }).collect();
        let pieces = offer(free, &wishes);
        let told = waiting.iter().zip(&pieces).filter(|(_, pieces)| **pieces > 0);
        notified.extend(told.map(|(row, pieces)| notify(row.clone(), *pieces, (now, now + offer_for))));
        is_full = u64::try_from(notified.len()) == Ok(TOLD_AT_ONCE);
        write(transaction, &variant, &notified, now).await?;
    }
    let is_waiting = notified.len() < waiting.len() || is_full;
    let soonest = offered.soonest.into_iter().chain((!notified.is_empty()).then(|| now + offer_for)).min();
    let again = if is_full { Some(now) } else { is_waiting.then(|| now + LOOK_AGAIN) };
    plan(transaction, &id, again.into_iter().chain(soonest).min()).await?;
    Ok(Some(Told { notified: u64::try_from(notified.len()).unwrap_or(u64::MAX), lapsed }))
}

async fn lapse(transaction: &impl ConnectionTrait, id: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let lapsed = ActiveModel {
        status: Set(WaitStatus::Lapsed.as_str().to_owned()),
        ended_at: Set(Some(now)),
        ..Default::default()
    };
    let done = Entity::update_many()
        .set(lapsed)
        .filter(Column::VariantId.eq(id))
        .filter(Column::Status.eq(WaitStatus::Notified.as_str()))
        .filter(Column::OfferExpiresAt.lte(now))
        .exec(transaction)
        .await?;
    Ok(done.rows_affected)
}

/// What others were told of and may still take.
#[derive(Default)]
struct Offered {
    pieces: i32,
    through: BTreeMap<String, i32>,
    soonest: Option<DateTime<Utc>>,
}

async fn offered(transaction: &impl ConnectionTrait, id: &str) -> Result<Offered, StoreError> {
    let rows: Vec<(String, Option<i32>, Option<DateTime<Utc>>)> = Entity::find()
        .select_only()
        .columns([Column::Channel, Column::Offered, Column::OfferExpiresAt])
        .filter(Column::VariantId.eq(id))
        .filter(Column::Status.eq(WaitStatus::Notified.as_str()))
        .into_tuple()
        .all(transaction)
        .await?;
    let mut all = Offered::default();
    for (channel, pieces, expires_at) in rows {
        let pieces = pieces.unwrap_or(0);
        all.pieces = all.pieces.saturating_add(pieces);
        let through = all.through.entry(channel).or_default();
        *through = through.saturating_add(pieces);
        all.soonest = all.soonest.into_iter().chain(expires_at).min();
    }
    Ok(all)
}

/// Pieces that can be bought and that nobody was told of.
async fn free(
    transaction: &impl ConnectionTrait,
    store: &Store,
    (variant, waiting): (&variant::Model, &[Model]),
    offered: &Offered,
) -> Result<Free, StoreError> {
    let shown = product::Entity::find_by_id(variant.product_id.as_str())
        .filter(product::Column::Status.eq(STATUS_SHOWN))
        .one(transaction)
        .await?;
    if shown.is_none() {
        return Ok(Free::default());
    }
    let mut free = Free { pieces: variant.badge_available.saturating_sub(offered.pieces), ..Free::default() };
    for channel in waiting.iter().map(|row| row.channel.as_str()).filter(|channel| !channel.is_empty()) {
        if free.through.contains_key(channel) {
            continue;
        }
        let promised = channels::promises(store, channel, std::slice::from_ref(&variant.id)).await?;
        let promised = promised.and_then(|(_, of)| of.get(&variant.id).copied()).unwrap_or(0);
        let told = offered.through.get(channel).copied().unwrap_or(0);
        free.through.insert(channel.to_owned(), promised.saturating_sub(told));
    }
    Ok(free)
}

fn notify(mut row: Model, pieces: i32, (now, until): (DateTime<Utc>, DateTime<Utc>)) -> Model {
    WaitStatus::Notified.as_str().clone_into(&mut row.status);
    row.notified_at = Some(now);
    row.offered = Some(pieces);
    row.offer_expires_at = Some(until);
    row
}

/// Writes who is told, the notice that goes to each, and an event of each.
async fn write(
    transaction: &impl ConnectionTrait,
    variant: &variant::Model,
    notified: &[Model],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if notified.is_empty() {
        return Ok(());
    }
    for row in notified {
        row.clone().into_active_model().reset_all().update(transaction).await?;
    }
    let notice = |row: &Model| waitlist_notice::ActiveModel {
        entry_id: Set(row.id.clone()),
        seq: Set(row.seq),
        variant_id: Set(row.variant_id.clone()),
        status: Set("PENDING".to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(now),
        leased_until: Set(None),
        lease_token: Set(0),
        last_error: Set(None),
        created_at: Set(now),
        settled_at: Set(None),
    };
    waitlist_notice::Entity::insert_many(notified.iter().map(notice)).exec_without_returning(transaction).await?;
    let event = |row: &Model| NewEvent {
        event_type: WAITLIST_NOTIFIED,
        schema: "waitlist_notified.v1",
        subject: row.id.clone(),
        revision: 1,
        data: json!({
            "entryId": row.id,
            "customerToken": row.customer_token,
            "sku": variant.sku,
            "variantId": variant.id,
            "productId": variant.product_id,
            "channel": (!row.channel.is_empty()).then_some(&row.channel),
            "quantity": row.offered,
            "offerExpiresAt": row.offer_expires_at,
            "revision": 1,
        }),
    };
    enqueue(transaction, notified.iter().map(event).collect(), now, &new_id()).await
}

/// Notes when the queue has to be looked at next; one in which nobody is goes away.
async fn plan(
    transaction: &impl ConnectionTrait,
    variant_id: &str,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    let own = waitlist_variant::Column::VariantId.eq(variant_id);
    if due_at.is_none() {
        waitlist_variant::Entity::delete_many().filter(own).exec(transaction).await?;
        return Ok(());
    }
    let due = waitlist_variant::ActiveModel { due_at: Set(due_at), ..Default::default() };
    waitlist_variant::Entity::update_many().set(due).filter(own).exec(transaction).await?;
    Ok(())
}
