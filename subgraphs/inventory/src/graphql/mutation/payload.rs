//! What mutations answer: what was done, or why not.

use std::sync::Arc;

use async_graphql::{Enum, SimpleObject};

use crate::{
    command::Answer,
    domain::{ErrorCode, UserError},
    entity::stock_level,
    graphql::types::{InventoryLevel, Reservation},
    store::reservations::ReservationWithLines,
};

#[derive(SimpleObject)]
pub(crate) struct InventoryAdjustQuantitiesPayload {
    levels: Vec<InventoryLevel>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct ReserveStockPayload {
    reservation: Option<Reservation>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct ReleaseReservationPayload {
    reservation: Option<Reservation>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(SimpleObject)]
pub(crate) struct InventoryUserError {
    field: Option<Vec<String>>,
    message: String,
    code: InventoryErrorCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ErrorCode")]
pub(crate) enum InventoryErrorCode {
    InsufficientStock,
    UnknownSku,
    UnknownLocation,
    InvalidQuantity,
    TooManyLines,
    VersionConflict,
    IdempotencyKeyReused,
    ReservationNotFound,
    ReservationNotActive,
    InvalidTtl,
}

impl From<UserError> for InventoryUserError {
    fn from(error: UserError) -> Self {
        Self { field: error.field, message: error.message, code: error.code.into() }
    }
}

impl From<Answer<Vec<stock_level::Model>>> for InventoryAdjustQuantitiesPayload {
    fn from(answer: Answer<Vec<stock_level::Model>>) -> Self {
        match answer {
            Ok(rows) => {
                let levels = rows.into_iter().map(|row| InventoryLevel(Arc::new(row))).collect();
                Self { levels, user_errors: Vec::new() }
            }
            Err(errors) => Self { levels: Vec::new(), user_errors: user_errors(errors) },
        }
    }
}

impl From<Answer<ReservationWithLines>> for ReserveStockPayload {
    fn from(answer: Answer<ReservationWithLines>) -> Self {
        let (reservation, user_errors) = reservation_or_errors(answer);
        Self { reservation, user_errors }
    }
}

impl From<Answer<ReservationWithLines>> for ReleaseReservationPayload {
    fn from(answer: Answer<ReservationWithLines>) -> Self {
        let (reservation, user_errors) = reservation_or_errors(answer);
        Self { reservation, user_errors }
    }
}

fn reservation_or_errors(answer: Answer<ReservationWithLines>) -> (Option<Reservation>, Vec<InventoryUserError>) {
    match answer {
        Ok(row) => (Some(Reservation(Arc::new(row))), Vec::new()),
        Err(errors) => (None, user_errors(errors)),
    }
}

fn user_errors(errors: Vec<UserError>) -> Vec<InventoryUserError> {
    errors.into_iter().map(InventoryUserError::from).collect()
}
