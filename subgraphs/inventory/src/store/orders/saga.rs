//! Who is at the placing of which order.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockBehavior, LockType},
};

use super::unknown;
use crate::{
    domain::order::Step,
    entity::order_saga::{ActiveModel, Column, Entity, Model},
    store::{Store, StoreError, now},
};

/// The right to work on one order, until it ends or is taken away.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    /// The row as it was when the lease was taken.
    pub(crate) saga: Model,
    /// Where it is.
    pub(crate) step: Step,
}

/// Which saga to take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The one that is due for longest.
    Due,
    /// That of an order, if it is due.
    Order(&'a str),
}

/// Whether any saga is due; needs no transaction and no lock.
pub(crate) async fn any_due(store: &Store) -> Result<bool, StoreError> {
    let reader = store.reader();
    let now = now::read(reader).await?;
    Ok(Entity::find().filter(due(now)).limit(1).one(reader).await?.is_some())
}

fn due(now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::Step.ne(Step::Done.as_str()))
        .add(Column::NextAttemptAt.lte(now))
        .add(Condition::any().add(Column::LeasedUntil.is_null()).add(Column::LeasedUntil.lte(now)))
}

/// Takes the lease of a saga that is due and that nobody else holds.
pub(crate) async fn claim(
    transaction: &impl ConnectionTrait,
    wanted: Wanted<'_>,
    (owner, lease): (&str, TimeDelta),
) -> Result<Option<Lease>, StoreError> {
    let now = now::read(transaction).await?;
    let mut query = Entity::find().filter(due(now)).order_by_asc(Column::NextAttemptAt).limit(1);
    if let Wanted::Order(order_id) = wanted {
        query = query.filter(Column::OrderId.eq(order_id));
    }
    let query = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let Some(mut saga) = query.one(transaction).await? else { return Ok(None) };
    saga.lease_owner = Some(owner.to_owned());
    saga.lease_token += 1;
    saga.leased_until = Some(now + lease);
    let step = step_of(&saga)?;
    // What the row says of attempts are those before this one.
    let begun = ActiveModel {
        lease_owner: Set(saga.lease_owner.clone()),
        lease_token: Set(saga.lease_token),
        leased_until: Set(saga.leased_until),
        attempts: Set(saga.attempts.saturating_add(1)),
        ..Default::default()
    };
    let own = Column::OrderId.eq(saga.order_id.as_str());
    Entity::update_many().set(begun).filter(own).exec(transaction).await?;
    Ok(Some(Lease { saga, step }))
}

/// The saga of an order, locked; its order has been locked before.
pub(crate) async fn lock(transaction: &impl ConnectionTrait, order_id: &str) -> Result<Model, StoreError> {
    let found = Entity::find_by_id(order_id).lock(LockType::Update).one(transaction).await?;
    found.ok_or_else(|| StoreError::Corrupt { table: "order_saga", reason: format!("order `{order_id}` has no saga") })
}

/// The step that a row is at.
pub(crate) fn step_of(saga: &Model) -> Result<Step, StoreError> {
    Step::parse(&saga.step).ok_or_else(|| unknown("order_saga", &saga.step))
}

/// Whether `lease` still holds for the locked row.
pub(crate) fn holds(lease: &Lease, locked: &Model) -> bool {
    locked.lease_token == lease.saga.lease_token && locked.step == lease.saga.step
}

/// Writes where a saga is now. The token of how to pay goes as soon as nobody needs it any more.
pub(crate) async fn save(transaction: &impl ConnectionTrait, saga: &mut Model) -> Result<(), StoreError> {
    if !matches!(step_of(saga)?, Step::Reserve | Step::Price | Step::Authorize) {
        saga.payment_method = None;
    }
    saga.clone().into_active_model().reset_all().update(transaction).await?;
    Ok(())
}

/// Puts the saga of a locked order to `step` at once, whoever is at it.
pub(crate) async fn redirect(
    transaction: &impl ConnectionTrait,
    saga: &mut Model,
    step: Step,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    step.as_str().clone_into(&mut saga.step);
    saga.attempts = 0;
    saga.next_attempt_at = now;
    saga.lease_token += 1;
    saga.lease_owner = None;
    saga.leased_until = None;
    save(transaction, saga).await
}
