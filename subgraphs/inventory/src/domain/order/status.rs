//! The states of an order, and what may be done in which.

use serde::{Deserialize, Serialize};

use super::LineState;

/// Gives an enumeration the names under which the database and the graph know it.
macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the database and in the graph.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The one with the name `name`.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }
        }
    };
}
pub(in crate::domain) use names;

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// It is being placed: stock, price and payment are on their way.
    Pending,
    /// It is paid, and pieces are still to be sent.
    Placed,
    /// Everything that was not cancelled is sent.
    Completed,
    /// Nothing was sent and nothing will be.
    Cancelled,
    /// It never came to be.
    Failed,
}

names!(OrderStatus {
    Pending => "PENDING", Placed => "PLACED", Completed => "COMPLETED", Cancelled => "CANCELLED", Failed => "FAILED",
});

/// What is done to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send pieces.
    Fulfill,
    /// Take back the sending of pieces that have not left.
    CancelFulfillment,
    /// Give up everything that is not sent.
    Cancel,
    /// Take back sent pieces.
    Return,
    /// Lay pieces ready for who fetches them.
    Prepare,
    /// Hand them over.
    HandOver,
    /// Send pieces from elsewhere.
    Reroute,
}

impl Action {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Fulfill,
        Self::CancelFulfillment,
        Self::Cancel,
        Self::Return,
        Self::Prepare,
        Self::HandOver,
        Self::Reroute,
    ];

    /// As in "an order that … cannot be …".
    #[must_use]
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Fulfill => "sent",
            Self::CancelFulfillment => "called back",
            Self::Cancel => "cancelled",
            Self::Return => "returned",
            Self::Prepare => "laid ready",
            Self::HandOver => "handed over",
            Self::Reroute => "sent from elsewhere",
        }
    }
}

/// Whether `action` is possible in `status` at all; whether the pieces allow it is asked after. Of an order that is being
/// placed nothing can be sent, but it can be cancelled; of one that has ended nothing can be done.
#[must_use]
pub const fn is_legal(status: OrderStatus, action: Action) -> bool {
    match status {
        OrderStatus::Pending => matches!(action, Action::Cancel),
        OrderStatus::Placed => true,
        OrderStatus::Completed => matches!(action, Action::Return | Action::CancelFulfillment),
        OrderStatus::Cancelled | OrderStatus::Failed => false,
    }
}

/// What is done with a piece that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Disposition {
    /// It can be sold again.
    Restock,
    /// It is kept, and is not fit for sale.
    Damaged,
    /// It is thrown away.
    Discarded,
}

names!(Disposition { Restock => "RESTOCK", Damaged => "DAMAGED", Discarded => "DISCARDED" });

/// What became of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinancialStatus {
    /// Nothing was promised yet.
    Pending,
    /// The customer's bank holds it for us.
    Authorized,
    /// It is ours.
    Paid,
    /// A part went back.
    PartiallyRefunded,
    /// Everything went back.
    Refunded,
    /// Nothing was ever taken, and nothing will be.
    Voided,
}

names!(FinancialStatus {
    Pending => "PENDING", Authorized => "AUTHORIZED", Paid => "PAID", PartiallyRefunded => "PARTIALLY_REFUNDED",
    Refunded => "REFUNDED", Voided => "VOIDED",
});

/// The money of an order in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Held by the customer's bank and not taken.
    pub authorized_minor: i64,
    /// Taken.
    pub captured_minor: i64,
    /// Given back.
    pub refunded_minor: i64,
}

impl FinancialStatus {
    /// What `ledger` means for an order in `status`.
    #[must_use]
    pub const fn of(status: OrderStatus, ledger: Ledger) -> Self {
        let Ledger { authorized_minor, captured_minor, refunded_minor } = ledger;
        if captured_minor > 0 {
            return match refunded_minor {
                ..=0 => Self::Paid,
                some if some < captured_minor => Self::PartiallyRefunded,
                _ => Self::Refunded,
            };
        }
        match status {
            _ if authorized_minor > 0 => Self::Authorized,
            OrderStatus::Pending => Self::Pending,
            // Placed without a payment: there was nothing to pay.
            OrderStatus::Placed | OrderStatus::Completed => Self::Paid,
            OrderStatus::Cancelled | OrderStatus::Failed => Self::Voided,
        }
    }
}

/// How far the pieces are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FulfillmentStatus {
    /// Nothing is sent.
    Unfulfilled,
    /// They wait for who fetches them.
    ReadyForPickup,
    /// Some are sent.
    PartiallyFulfilled,
    /// All that will be sent is sent.
    Fulfilled,
    /// Some came back.
    PartiallyReturned,
    /// All came back.
    Returned,
}

names!(FulfillmentStatus {
    Unfulfilled => "UNFULFILLED", ReadyForPickup => "READY_FOR_PICKUP", PartiallyFulfilled => "PARTIALLY_FULFILLED",
    Fulfilled => "FULFILLED", PartiallyReturned => "PARTIALLY_RETURNED", Returned => "RETURNED",
});

impl FulfillmentStatus {
    /// What the lines' counts mean; `is_ready` when pieces wait to be fetched.
    #[must_use]
    pub fn of(lines: &[LineState], is_ready: bool) -> Self {
        let sum = |count: fn(&LineState) -> i32| lines.iter().map(|line| i64::from(count(line))).sum::<i64>();
        let (open, sent, back) =
            (sum(LineState::open), sum(|line| line.fulfilled_quantity), sum(|line| line.returned_quantity));
        match (open, sent, back) {
            (_, sent, back) if back > 0 && back == sent => Self::Returned,
            (_, _, 1..) => Self::PartiallyReturned,
            (1.., _, _) if is_ready => Self::ReadyForPickup,
            (_, ..=0, _) => Self::Unfulfilled,
            (1.., _, _) => Self::PartiallyFulfilled,
            _ => Self::Fulfilled,
        }
    }
}
