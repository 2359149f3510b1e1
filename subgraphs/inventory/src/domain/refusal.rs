//! Why a command was refused, in words and codes for the caller.

use serde::{Deserialize, Serialize};

/// What kind of refusal; the values of `InventoryErrorCode` in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// Fewer pieces than wanted.
    InsufficientStock,
    /// No such SKU.
    UnknownSku,
    /// No such location, or not one that sells.
    UnknownLocation,
    /// Negative, or not below the price that it is compared with.
    InvalidPrice,
    /// Too long, too many, or at odds with another value.
    InvalidInput,
    /// No such product.
    UnknownProduct,
    /// No such promotion.
    UnknownPromotion,
    /// No such collection.
    UnknownCollection,
    /// No such category.
    UnknownCategory,
    /// Another one has the handle, code or name.
    NameTaken,
    /// Zero, negative or too large.
    InvalidQuantity,
    /// More lines than allowed, or none.
    TooManyLines,
    /// The quantity under this name cannot be changed in this way.
    InvalidQuantityName,
    /// The quantity is not what the caller had read.
    ChangeFromQuantityStale,
    /// The quantity that the caller had read was not given, and not said to be of no matter.
    CompareQuantityRequired,
    /// One level is set twice in one call.
    DuplicateLevel,
    /// Pieces cannot change their name and their location at once.
    DifferentLocations,
    /// From and to are the same.
    SameQuantityName,
    /// The level is not at the version that the caller had read.
    VersionConflict,
    /// The key was used for another request.
    IdempotencyKeyReused,
    /// No such reservation.
    ReservationNotFound,
    /// The reservation has ended.
    ReservationNotActive,
    /// The time to live is out of range.
    InvalidTtl,
    /// No such channel.
    UnknownChannel,
    /// A rule of a channel that cannot be.
    InvalidChannelRule,
    /// No such order.
    OrderNotFound,
    /// The order is in a state in which this cannot be done.
    OrderStateInvalid,
    /// No such line of the order or cart.
    LineNotFound,
    /// No such fulfillment.
    FulfillmentNotFound,
    /// No such cart.
    CartNotFound,
    /// The cart has been ordered, or is empty.
    CartNotOpen,
    /// Pieces in several currencies cannot be bought at once.
    CurrencyMismatch,
    /// The total is not what the customer had seen.
    PriceChanged,
    /// The channel may not sell as many.
    ChannelLimitExceeded,
    /// The channel does not show it at this time.
    NotPublished,
    /// The payment was declined.
    PaymentDeclined,
    /// Payments cannot be taken here, or the payment was not answered in time.
    PaymentUnavailable,
    /// No such alert.
    AlertNotFound,
    /// The alert is over.
    AlertResolved,
    /// No such supplier.
    UnknownSupplier,
    /// No such purchase order.
    PurchaseOrderNotFound,
    /// The purchase order is in a state in which this cannot be done.
    PurchaseOrderStateInvalid,
    /// No such inbound shipment.
    ShipmentNotFound,
    /// The inbound shipment is in a state in which this cannot be done.
    ShipmentStateInvalid,
    /// No such variant.
    UnknownVariant,
    /// No such entry of the waitlist.
    WaitlistEntryNotFound,
}

/// A refusal that the caller can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserError {
    /// Path of the argument, such as `["input", "lines", "0", "quantity"]`.
    pub field: Option<Vec<String>>,
    /// For people.
    pub message: String,
    /// For programs.
    pub code: ErrorCode,
}

impl UserError {
    /// A refusal because of the argument at `field`.
    #[must_use]
    pub fn at(field: &[&str], code: ErrorCode, message: impl Into<String>) -> Self {
        let field = field.iter().map(|part| (*part).to_owned()).collect();
        Self { field: Some(field), message: message.into(), code }
    }

    /// A refusal because of `member` of item `index` of the list `list` in the input; a dot in `member` leads into it.
    pub(super) fn in_list((list, index): (&str, usize), member: &str, code: ErrorCode, message: String) -> Self {
        let index = index.to_string();
        let path: Vec<&str> = ["input", list, &index].into_iter().chain(member.split('.')).collect();
        Self::at(&path, code, message)
    }
}
