//! Reservations with their lines.

use std::collections::HashMap;

use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use super::keys::one_of;
use crate::{
    entity::{reservation, reservation_line},
    error::StoreError,
    store::{Store, reservations::ReservationWithLines},
};

/// The reservations with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn reservations_by_id(store: &Store, ids: &[String]) -> Result<Vec<ReservationWithLines>, StoreError> {
    let found =
        reservation::Entity::find().filter(one_of(store, reservation::Column::Id, ids)).all(store.reader()).await?;
    let lines = reservation_line::Entity::find()
        .filter(one_of(store, reservation_line::Column::ReservationId, ids))
        .order_by_asc(reservation_line::Column::Position)
        .all(store.reader())
        .await?;
    let mut by_reservation: HashMap<String, Vec<reservation_line::Model>> = HashMap::new();
    for line in lines {
        by_reservation.entry(line.reservation_id.clone()).or_default().push(line);
    }
    let with_lines = |reservation: reservation::Model| {
        let lines = by_reservation.remove(&reservation.id).unwrap_or_default();
        ReservationWithLines { reservation, lines }
    };
    Ok(found.into_iter().map(with_lines).collect())
}
