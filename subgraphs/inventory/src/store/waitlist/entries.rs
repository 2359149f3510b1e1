//! Joining, leaving, being forgotten.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::{lock_queue, queue::make_due};
use crate::{
    domain::waitlist::WaitStatus,
    entity::{
        waitlist_customer,
        waitlist_entry::{ActiveModel, Column, Entity, Model},
    },
    store::{
        Store, StoreError,
        catalog_read::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
        ledger::new_id,
        now,
    },
};

/// Somebody who wants to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joining<'a> {
    pub(crate) customer_id: &'a str,
    pub(crate) variant_id: &'a str,
    /// Empty for any.
    pub(crate) channel: &'a str,
    pub(crate) quantity: i32,
}

/// Puts a customer at the end of the queue of a variant. Who waits already keeps their place, with the new quantity. `None`
/// when they wait for `most` already.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn join(
    transaction: &impl ConnectionTrait,
    joining: Joining<'_>,
    most: u64,
) -> Result<Option<Model>, StoreError> {
    lock_queue(transaction, joining.variant_id).await?;
    let now = now::read(transaction).await?;
    let token = token_of(transaction, joining.customer_id, now).await?;
    let waiting = Entity::find()
        .filter(Column::CustomerToken.eq(token.as_str()))
        .filter(Column::Status.eq(WaitStatus::Waiting.as_str()));
    let same = waiting
        .clone()
        .filter(Column::VariantId.eq(joining.variant_id))
        .filter(Column::Channel.eq(joining.channel))
        .one(transaction)
        .await?;
    make_due(transaction, [joining.variant_id.to_owned()]).await?;
    if let Some(mut row) = same {
        row.quantity = joining.quantity;
        let quantity = ActiveModel { quantity: Set(row.quantity), ..Default::default() };
        Entity::update_many().set(quantity).filter(Column::Seq.eq(row.seq)).exec(transaction).await?;
        return Ok(Some(row));
    }
    if waiting.count(transaction).await? >= most {
        return Ok(None);
    }
    let row = ActiveModel {
        seq: NotSet,
        id: Set(new_id()),
        customer_token: Set(token),
        variant_id: Set(joining.variant_id.to_owned()),
        channel: Set(joining.channel.to_owned()),
        quantity: Set(joining.quantity),
        status: Set(WaitStatus::Waiting.as_str().to_owned()),
        joined_at: Set(now),
        notified_at: Set(None),
        offered: Set(None),
        offer_expires_at: Set(None),
        ended_at: Set(None),
    };
    Ok(Some(Entity::insert(row).exec_with_returning(transaction).await?))
}

async fn token_of(
    transaction: &impl ConnectionTrait,
    customer_id: &str,
    now: DateTime<Utc>,
) -> Result<String, StoreError> {
    let row = waitlist_customer::ActiveModel {
        token: Set(Uuid::new_v4().to_string()),
        customer_id: Set(customer_id.to_owned()),
        created_at: Set(now),
    };
    waitlist_customer::Entity::insert(row)
        .on_conflict(OnConflict::column(waitlist_customer::Column::CustomerId).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    let own = waitlist_customer::Column::CustomerId.eq(customer_id);
    // Locked, so that whoever is being forgotten does not join meanwhile.
    let found = waitlist_customer::Entity::find().filter(own).lock(LockType::KeyShare).one(transaction).await?;
    found.map(|row| row.token).ok_or(StoreError::Conflict { what: "waitlist_customer" })
}

/// Takes the customer's entry out of its queue, or gives back what they were told of. `None` when there is no such entry of
/// theirs; an entry that is over stays as it is.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn leave(
    transaction: &impl ConnectionTrait,
    customer_id: &str,
    id: &str,
) -> Result<Option<Model>, StoreError> {
    let Some(seen) = entry_of(transaction, customer_id, id).await? else { return Ok(None) };
    lock_queue(transaction, &seen.variant_id).await?;
    let Some(mut row) = entry_of(transaction, customer_id, id).await? else { return Ok(None) };
    make_due(transaction, [row.variant_id.clone()]).await?;
    if [WaitStatus::Waiting, WaitStatus::Notified].iter().any(|status| status.as_str() == row.status) {
        WaitStatus::Left.as_str().clone_into(&mut row.status);
        row.ended_at = Some(now::read(transaction).await?);
        let left = ActiveModel { status: Set(row.status.clone()), ended_at: Set(row.ended_at), ..Default::default() };
        Entity::update_many().set(left).filter(Column::Seq.eq(row.seq)).exec(transaction).await?;
    }
    Ok(Some(row))
}

async fn token(connection: &impl ConnectionTrait, customer_id: &str) -> Result<Option<String>, StoreError> {
    let own = waitlist_customer::Column::CustomerId.eq(customer_id);
    let found = waitlist_customer::Entity::find().filter(own).one(connection).await?;
    Ok(found.map(|row| row.token))
}

async fn entry_of(connection: &impl ConnectionTrait, customer_id: &str, id: &str) -> Result<Option<Model>, StoreError> {
    let Some(token) = token(connection, customer_id).await? else { return Ok(None) };
    let own = Entity::find().filter(Column::Id.eq(id)).filter(Column::CustomerToken.eq(token));
    Ok(own.one(connection).await?)
}

/// Forgets a customer: every entry and notice of theirs, and who they are. How many entries it were. What is on the bus already
/// has a token that leads nowhere then.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn forget(transaction: &impl ConnectionTrait, customer_id: &str) -> Result<u64, StoreError> {
    let Some(token) = token(transaction, customer_id).await? else { return Ok(0) };
    let own = || Entity::find().filter(Column::CustomerToken.eq(token.as_str()));
    let variants: Vec<String> =
        own().select_only().column(Column::VariantId).distinct().into_tuple().all(transaction).await?;
    let variants: BTreeSet<String> = variants.into_iter().collect();
    for variant_id in &variants {
        lock_queue(transaction, variant_id).await?;
    }
    make_due(transaction, variants).await?;
    let entries = own().count(transaction).await?;
    // Entries go with their customer, and notices with their entry.
    waitlist_customer::Entity::delete_by_id(token).exec(transaction).await?;
    Ok(entries)
}

fn ordering() -> Ordering {
    Ordering::by("waitlist", Column::Seq, Column::Id).descending()
}

/// The cursor of `row` in a list.
#[must_use]
pub fn entry_cursor(row: &Model) -> String {
    encode_cursor(ordering().name, Key::Number(row.seq), &row.id)
}

/// One page of what a customer waits for or has waited for, the latest in front.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn entries_of(store: &Store, customer_id: &str, page: &PageRequest) -> Result<Page<Model>, ReadError> {
    let Some(token) = token(store.reader(), customer_id).await? else { return Ok(Page::of(Vec::new(), page)) };
    let select = Entity::find().filter(Column::CustomerToken.eq(token));
    Ok(Page::of(select_page(select, &ordering(), page)?.all(store.reader()).await?, page))
}
