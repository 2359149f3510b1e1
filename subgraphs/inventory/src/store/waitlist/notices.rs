//! Notices on their way to those who wait.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query},
};

use crate::{
    domain::waitlist::{Notice, WaitStatus},
    entity::{
        variant, waitlist_customer, waitlist_entry,
        waitlist_notice::{ActiveModel, Column, Entity},
    },
    store::{Store, StoreError, now},
};

const PENDING: &str = "PENDING";
const DELIVERED: &str = "DELIVERED";
const DEAD: &str = "DEAD";

/// A notice that one process is at.
#[derive(Debug, Clone)]
pub(crate) struct Leased {
    pub(crate) entry_id: String,
    pub(crate) lease_token: i64,
    /// How often it was tried, this time included.
    pub(crate) attempts: i32,
    /// What to tell; `None` when that is over: they left, or their time is up.
    pub(crate) notice: Option<Notice>,
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is told.
    Delivered,
    /// It is tried again after a pause.
    Later(TimeDelta, String),
    /// It is given up.
    Dead(String),
}

/// Whether a notice may be due; needs no transaction and no lock.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn notice_is_due(store: &Store) -> Result<bool, StoreError> {
    let reader = store.reader();
    let due = Entity::find()
        .filter(Column::Status.eq(PENDING))
        .filter(Expr::col(Column::NextAttemptAt).lte(now::now(reader.get_database_backend())));
    Ok(due.limit(1).one(reader).await?.is_some())
}

/// Takes the lease of a notice that is due: the first of its variant, unless those in front wait to be tried again. `None` when
/// there is none that nobody else is at.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn lease_notice(
    transaction: &impl ConnectionTrait,
    lease: TimeDelta,
) -> Result<Option<Leased>, StoreError> {
    let now = now::read(transaction).await?;
    let free = Condition::any().add(Column::LeasedUntil.is_null()).add(Column::LeasedUntil.lte(now));
    let due = Entity::find()
        .filter(Column::Status.eq(PENDING))
        .filter(Column::NextAttemptAt.lte(now))
        .filter(free)
        .filter(is_first(transaction.get_database_backend()))
        .order_by_asc(Column::NextAttemptAt)
        .order_by_asc(Column::Seq)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let Some(row) = due.one(transaction).await? else { return Ok(None) };
    let leased = ActiveModel {
        attempts: Set(row.attempts.saturating_add(1)),
        leased_until: Set(Some(now + lease)),
        lease_token: Set(row.lease_token + 1),
        ..Default::default()
    };
    let own = Column::EntryId.eq(row.entry_id.as_str());
    Entity::update_many().set(leased).filter(own).exec(transaction).await?;
    Ok(Some(Leased {
        notice: notice(transaction, &row.entry_id, now).await?,
        lease_token: row.lease_token + 1,
        attempts: row.attempts.saturating_add(1),
        entry_id: row.entry_id,
    }))
}

/// Whoever waits to be tried again holds up nobody; who is due, or being told, comes before those behind.
fn is_first(backend: DbBackend) -> Expr {
    let now = now::expression(backend);
    Expr::cust(format!(
        "NOT EXISTS (SELECT 1 FROM waitlist_notice AS earlier
           WHERE earlier.variant_id = waitlist_notice.variant_id AND earlier.status = 'PENDING'
             AND earlier.seq < waitlist_notice.seq AND (earlier.next_attempt_at <= {now} OR earlier.leased_until > {now}))"
    ))
}

async fn notice(
    transaction: &impl ConnectionTrait,
    entry_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<Notice>, StoreError> {
    let told = waitlist_entry::Entity::find()
        .filter(waitlist_entry::Column::Id.eq(entry_id))
        .filter(waitlist_entry::Column::Status.eq(WaitStatus::Notified.as_str()))
        .filter(waitlist_entry::Column::OfferExpiresAt.gt(now))
        .one(transaction)
        .await?;
    let Some(entry) = told else { return Ok(None) };
    let customer = waitlist_customer::Entity::find_by_id(entry.customer_token.as_str()).one(transaction).await?;
    let variant = variant::Entity::find_by_id(entry.variant_id.as_str()).one(transaction).await?;
    let (Some(customer), Some(variant), Some(offer_expires_at)) = (customer, variant, entry.offer_expires_at) else {
        return Ok(None);
    };
    Ok(Some(Notice {
        id: entry.id,
        customer_id: customer.customer_id,
        sku: variant.sku,
        variant_id: variant.id,
        product_id: variant.product_id,
        channel: (!entry.channel.is_empty()).then_some(entry.channel),
        quantity: entry.offered.unwrap_or(entry.quantity),
        offer_expires_at,
    }))
}

/// Writes what became of a leased notice; whether the lease was still held.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn settle_notice(
    transaction: &impl ConnectionTrait,
    leased: &Leased,
    settled: &Settled,
) -> Result<bool, StoreError> {
    let now = now::read(transaction).await?;
    let over = |status: &str, error: Option<&String>| ActiveModel {
        status: Set(status.to_owned()),
        last_error: Set(error.cloned()),
        settled_at: Set(Some(now)),
        leased_until: Set(None),
        ..Default::default()
    };
    let row = match settled {
        Settled::Delivered => over(DELIVERED, None),
        Settled::Dead(reason) => over(DEAD, Some(reason)),
        Settled::Later(pause, reason) => ActiveModel {
            next_attempt_at: Set(now + *pause),
            last_error: Set(Some(reason.clone())),
            leased_until: Set(None),
            ..Default::default()
        },
    };
    let done = Entity::update_many()
        .set(row)
        .filter(Column::EntryId.eq(leased.entry_id.as_str()))
        .filter(Column::LeaseToken.eq(leased.lease_token))
        .filter(Column::Status.eq(PENDING))
        .exec(transaction)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Has notices that were given up tried again from the beginning, as far as what they tell is still true; how many.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn redrive(transaction: &impl ConnectionTrait) -> Result<u64, StoreError> {
    let now = now::read(transaction).await?;
    let again = ActiveModel {
        status: Set(PENDING.to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(now),
        settled_at: Set(None),
        ..Default::default()
    };
    let still_true = Query::select()
        .column(waitlist_entry::Column::Id)
        .from(waitlist_entry::Entity)
        .and_where(waitlist_entry::Column::Status.eq(WaitStatus::Notified.as_str()))
        .and_where(waitlist_entry::Column::OfferExpiresAt.gt(now))
        .to_owned();
    let done = Entity::update_many()
        .set(again)
        .filter(Column::Status.eq(DEAD))
        .filter(Column::EntryId.in_subquery(still_true))
        .exec(transaction)
        .await?;
    Ok(done.rows_affected)
}

/// How many notices there are on their way, and given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoticeCounts {
    /// Not told yet.
    pub pending: i64,
    /// Given up.
    pub dead: i64,
}

/// Counts notices.
///
/// # Errors
///
/// When the store fails.
pub async fn count_notices(store: &Store) -> Result<NoticeCounts, StoreError> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::Status)
        .column_as(Expr::col(Column::EntryId).count(), "notices")
        .filter(Column::Status.ne(DELIVERED))
        .group_by(Column::Status)
        .into_tuple()
        .all(store.reader())
        .await?;
    let of = |status: &str| rows.iter().find(|row| row.0 == status).map_or(0, |row| row.1);
    Ok(NoticeCounts { pending: of(PENDING), dead: of(DEAD) })
}
