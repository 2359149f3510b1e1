//! Reservations with their lines.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

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
    let found = reservation::Entity::find().filter(reservation::Column::Id.is_in(ids)).all(store.reader()).await?;
    let lines = reservation_line::Entity::find()
        .filter(reservation_line::Column::ReservationId.is_in(ids))
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
