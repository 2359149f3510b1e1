//! What happened to a level.

use super::Quantities;

/// Why quantities moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// On hand was changed by a person or a system.
    Adjusted,
    /// Goods came in.
    Received,
    /// Pieces turned out to be unfit for sale.
    Damaged,
    /// Pieces went from one name to another at the same location.
    Moved,
    /// Pieces went from one location to another; each has its event.
    Transferred,
    /// Pieces were held for an order.
    Reserved,
    /// A hold was given back by its owner.
    Released,
    /// A hold ran out.
    Expired,
    /// All quantities were set from outside.
    Loaded,
    /// What was held became an order; no quantity moves.
    Committed,
    /// Pieces of an order left.
    Fulfilled,
    /// Pieces of an order that were to leave did not.
    FulfillmentCancelled,
    /// Pieces of an order were given up.
    OrderCancelled,
    /// Pieces of an order came back.
    Returned,
    /// Pieces of an order are sent from elsewhere.
    Rerouted,
    /// Pieces were bought, or are on their way.
    InboundExpected,
    /// Pieces that were on their way will not come.
    InboundCut,
    /// Pieces that were on their way came.
    InboundReceived,
    /// Pieces that came are those that an order was promised.
    PromiseKept,
}

impl EventKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Adjusted,
        Self::Received,
        Self::Damaged,
        Self::Moved,
        Self::Transferred,
        Self::Reserved,
        Self::Released,
        Self::Expired,
        Self::Loaded,
        Self::Committed,
        Self::Fulfilled,
        Self::FulfillmentCancelled,
        Self::OrderCancelled,
        Self::Returned,
        Self::Rerouted,
        Self::InboundExpected,
        Self::InboundCut,
        Self::InboundReceived,
        Self::PromiseKept,
    ];

    /// The name in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adjusted => "ADJUSTED",
            Self::Received => "RECEIVED",
            Self::Damaged => "DAMAGED",
            Self::Moved => "MOVED",
            Self::Transferred => "TRANSFERRED",
            Self::Reserved => "RESERVED",
            Self::Released => "RELEASED",
            Self::Expired => "EXPIRED",
            Self::Loaded => "LOADED",
            Self::Committed => "COMMITTED",
            Self::Fulfilled => "FULFILLED",
            Self::FulfillmentCancelled => "FULFILLMENT_CANCELLED",
            Self::OrderCancelled => "ORDER_CANCELLED",
            Self::Returned => "RETURNED",
            Self::Rerouted => "REROUTED",
            Self::InboundExpected => "INBOUND_EXPECTED",
            Self::InboundCut => "INBOUND_CUT",
            Self::InboundReceived => "INBOUND_RECEIVED",
            Self::PromiseKept => "PROMISE_KEPT",
        }
    }

    /// Whether events of this kind change what is incoming as inbound lines do. What others change is what staff or an
    /// import says is incoming.
    #[must_use]
    pub const fn is_inbound(self) -> bool {
        matches!(self, Self::InboundExpected | Self::InboundCut | Self::InboundReceived)
    }

    /// The kind with the ledger name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// One change of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockEvent {
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// The level's version after this event.
    pub version: i64,
    /// Why.
    pub kind: EventKind,
    /// What is added to each quantity.
    pub change: Quantities,
}
