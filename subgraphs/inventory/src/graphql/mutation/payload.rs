//! What mutations answer: what was done, or why not.

use std::sync::Arc;

use async_graphql::{Enum, SimpleObject};

use crate::{
    command::{Answer, AskedLine, Reserved, StockChange},
    domain::{ErrorCode, UserError},
    graphql::types::{InventoryLevel, Reservation},
    store::reservations::ReservationWithLines,
};

/// The three changes of stock by staff answer alike, each with a type of its own, as they may grow apart.
macro_rules! change_payloads {
    ($($name:ident),*) => {$(
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            /// The levels that were named, as they are now; none when it was refused.
            levels: Vec<InventoryLevel>,
            /// Behind which place of the ledger the change is, for `atLeast` of a query. Opaque. Null when it was
            /// refused.
            position: Option<String>,
            user_errors: Vec<InventoryUserError>,
        }

        impl From<Answer<StockChange>> for $name {
            fn from(answer: Answer<StockChange>) -> Self {
                match answer {
                    Ok(StockChange { levels, position }) => Self {
                        levels: levels.into_iter().map(|row| InventoryLevel(Arc::new(row))).collect(),
                        position: position.map(|position| position.to_string()),
                        user_errors: Vec::new(),
                    },
                    Err(errors) => Self { levels: Vec::new(), position: None, user_errors: user_errors(errors) },
                }
            }
        }
    )*};
}

change_payloads!(InventoryAdjustQuantitiesPayload, InventoryMoveQuantitiesPayload, InventorySetQuantitiesPayload);

#[derive(SimpleObject)]
pub(crate) struct ReserveStockPayload {
    reservation: Option<Reservation>,
    /// The lines of the input, in order; empty when nothing is held.
    lines: Vec<ReservedLine>,
    user_errors: Vec<InventoryUserError>,
}

/// What became of one line of the input.
#[derive(SimpleObject)]
pub(crate) struct ReservedLine {
    sku: String,
    wanted: i32,
    /// Fewer than wanted only with allowPartial.
    held: i32,
}

#[derive(SimpleObject)]
pub(crate) struct ExtendReservationPayload {
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
    InvalidPrice,
    InvalidInput,
    UnknownProduct,
    UnknownPromotion,
    UnknownCollection,
    UnknownCategory,
    NameTaken,
    InvalidQuantity,
    TooManyLines,
    InvalidQuantityName,
    ChangeFromQuantityStale,
    CompareQuantityRequired,
    DuplicateLevel,
    DifferentLocations,
    SameQuantityName,
    VersionConflict,
    IdempotencyKeyReused,
    ReservationNotFound,
    ReservationNotActive,
    InvalidTtl,
    UnknownChannel,
    InvalidChannelRule,
    OrderNotFound,
    OrderStateInvalid,
    LineNotFound,
    FulfillmentNotFound,
    CartNotFound,
    CartNotOpen,
    CurrencyMismatch,
    PriceChanged,
    ChannelLimitExceeded,
    NotPublished,
    PaymentDeclined,
    PaymentUnavailable,
    AlertNotFound,
    AlertResolved,
    UnknownSupplier,
    PurchaseOrderNotFound,
    PurchaseOrderStateInvalid,
    ShipmentNotFound,
    ShipmentStateInvalid,
    UnknownVariant,
    WaitlistEntryNotFound,
}

impl From<UserError> for InventoryUserError {
    fn from(error: UserError) -> Self {
        Self { field: error.field, message: error.message, code: error.code.into() }
    }
}

impl From<Answer<Reserved>> for ReserveStockPayload {
    fn from(mut answer: Answer<Reserved>) -> Self {
        let asked = answer.as_mut().map(|reserved| std::mem::take(&mut reserved.asked)).unwrap_or_default();
        let lines =
            asked.into_iter().map(|AskedLine { sku, wanted, held }| ReservedLine { sku, wanted, held }).collect();
        let (reservation, user_errors) = reservation_or_errors(answer.map(ReservationWithLines::from));
        Self { reservation, lines, user_errors }
    }
}

impl From<Answer<ReservationWithLines>> for ExtendReservationPayload {
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

pub(super) fn user_errors(errors: Vec<UserError>) -> Vec<InventoryUserError> {
    errors.into_iter().map(InventoryUserError::from).collect()
}
