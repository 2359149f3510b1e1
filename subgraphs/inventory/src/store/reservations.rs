//! Rows of reservations.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, ledger::new_id, now};
use crate::{
    domain::Hold,
    entity::{reservation, reservation_line},
};

/// `status` of a reservation that holds stock.
pub const ACTIVE: &str = "ACTIVE";
/// `status` after its owner gave it back.
pub const RELEASED: &str = "RELEASED";
/// `status` after its time ran out.
pub const EXPIRED: &str = "EXPIRED";
/// `status` after it became an order.
pub const COMMITTED: &str = "COMMITTED";

/// A reservation with its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationWithLines {
    /// The reservation.
    pub reservation: reservation::Model,
    /// Its lines, in order.
    pub lines: Vec<reservation_line::Model>,
}

impl ReservationWithLines {
    /// What it holds.
    #[must_use]
    pub(crate) fn holds(&self) -> Vec<Hold> {
        let hold = |line: &reservation_line::Model| Hold {
            variant_id: line.variant_id.clone(),
            location_id: line.location_id.clone(),
            quantity: line.quantity,
        };
        self.lines.iter().map(hold).collect()
    }
}

pub(crate) async fn insert(transaction: &impl ConnectionTrait, new: &ReservationWithLines) -> Result<(), StoreError> {
    let row = new.reservation.clone().into_active_model().reset_all();
    reservation::Entity::insert(row).exec_without_returning(transaction).await?;
    // An order whose pieces are all on their way holds nothing yet.
    if new.lines.is_empty() {
        return Ok(());
    }
    let lines = new.lines.iter().cloned().map(|line| line.into_active_model().reset_all());
    reservation_line::Entity::insert_many(lines).exec_without_returning(transaction).await?;
    Ok(())
}

/// Adds pieces to what a locked reservation holds.
pub(crate) async fn add_pieces(
    transaction: &impl ConnectionTrait,
    held: &mut ReservationWithLines,
    (variant_id, location_id, quantity): (&str, &str, i32),
) -> Result<(), StoreError> {
    let there = |line: &&mut reservation_line::Model| line.variant_id == variant_id && line.location_id == location_id;
    if let Some(line) = held.lines.iter_mut().find(there) {
        line.quantity += quantity;
        line.clone().into_active_model().reset_all().update(transaction).await?;
        return Ok(());
    }
    let line = reservation_line::Model {
        id: new_id(),
        reservation_id: held.reservation.id.clone(),
        position: held.lines.iter().map(|line| line.position).max().unwrap_or_default() + 1,
        variant_id: variant_id.to_owned(),
        location_id: location_id.to_owned(),
        quantity,
    };
    let row = line.clone().into_active_model().reset_all();
    reservation_line::Entity::insert(row).exec_without_returning(transaction).await?;
    held.lines.push(line);
    Ok(())
}

/// Locks and loads one reservation.
pub(crate) async fn lock(
    transaction: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<ReservationWithLines>, StoreError> {
    let found = reservation::Entity::find_by_id(id).lock(LockType::Update).one(transaction).await?;
    let Some(reservation) = found else { return Ok(None) };
    Ok(with_lines(transaction, vec![reservation]).await?.pop())
}

/// Locks and loads at most `limit` reservations whose time has run out by the clock of the database, passing over those
/// that another process has locked.
pub(crate) async fn lock_due(
    transaction: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<ReservationWithLines>, StoreError> {
    let due = reservation::Entity::find()
        .filter(reservation::Column::Status.eq(ACTIVE))
        .filter(Expr::col(reservation::Column::ExpiresAt).lte(now::now(transaction.get_database_backend())))
        .order_by_asc(reservation::Column::ExpiresAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(transaction)
        .await?;
    with_lines(transaction, due).await
}

/// How long it is by the clock of the database until the next active reservation runs out: zero when one has. `None` when
/// there is none. Needs no transaction and no lock.
pub(crate) async fn until_next_due(store: &Store) -> Result<Option<Duration>, StoreError> {
    let reader = store.reader();
    let next: Option<(DateTime<Utc>, DateTime<Utc>)> = reservation::Entity::find()
        .select_only()
        .column(reservation::Column::ExpiresAt)
        .expr_as(now::now(reader.get_database_backend()), "database_now")
        .filter(reservation::Column::Status.eq(ACTIVE))
        .order_by_asc(reservation::Column::ExpiresAt)
        .limit(1)
        .into_tuple()
        .one(reader)
        .await?;
    Ok(next.map(|(expires_at, now)| (expires_at - now).to_std().unwrap_or_default()))
}

/// Writes when an active reservation ends.
pub(crate) async fn extend(
    transaction: &impl ConnectionTrait,
    reservation: &reservation::Model,
) -> Result<(), StoreError> {
    let (expires_at, updated_at) = (Set(reservation.expires_at), Set(reservation.updated_at));
    let later = reservation::ActiveModel { expires_at, updated_at, ..Default::default() };
    reservation::Entity::update_many()
        .set(later)
        .filter(reservation::Column::Id.eq(reservation.id.as_str()))
        .filter(reservation::Column::Status.eq(ACTIVE))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Ends reservations with `status`.
pub(crate) async fn end(
    transaction: &impl ConnectionTrait,
    ids: &[String],
    status: &str,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ended = reservation::ActiveModel { status: Set(status.to_owned()), updated_at: Set(at), ..Default::default() };
    let update = reservation::Entity::update_many()
        .set(ended)
        .filter(reservation::Column::Id.is_in(ids.iter().map(String::as_str)))
        .filter(reservation::Column::Status.eq(ACTIVE));
    let ended = update.exec(transaction).await?.rows_affected;
    if usize::try_from(ended).ok() == Some(ids.len()) {
        Ok(())
    } else {
        Err(StoreError::Conflict { what: "reservation" })
    }
}

async fn with_lines(
    transaction: &impl ConnectionTrait,
    reservations: Vec<reservation::Model>,
) -> Result<Vec<ReservationWithLines>, StoreError> {
    if reservations.is_empty() {
        return Ok(Vec::new());
    }
    let ids = reservations.iter().map(|reservation| reservation.id.as_str());
    let lines = reservation_line::Entity::find()
        .filter(reservation_line::Column::ReservationId.is_in(ids))
        .order_by_asc(reservation_line::Column::Position)
        .all(transaction)
        .await?;
    let mut all: Vec<ReservationWithLines> =
        reservations.into_iter().map(|reservation| ReservationWithLines { reservation, lines: Vec::new() }).collect();
    for line in lines {
        if let Some(owner) = all.iter_mut().find(|one| one.reservation.id == line.reservation_id) {
            owner.lines.push(line);
        }
    }
    Ok(all)
}
