//! Placing an order, step by step, and the way back.

use super::status::names;

/// A step of placing an order. Each is done in a transaction of its own, and can be done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Hold the pieces, without an end.
    Reserve,
    /// Write the prices into the order.
    Price,
    /// Have the payment promised.
    Authorize,
    /// Take it.
    Capture,
    /// Make what is held what is ordered.
    Confirm,
    /// The way back: give the pieces back.
    UndoHold,
    /// The way back: let go of the payment.
    UndoPayment,
    /// Give money back.
    Refund,
    /// Nothing is left to do.
    Done,
}

names!(Step {
    Reserve => "RESERVE", Price => "PRICE", Authorize => "AUTHORIZE", Capture => "CAPTURE", Confirm => "CONFIRM",
    UndoHold => "UNDO_HOLD", UndoPayment => "UNDO_PAYMENT", Refund => "REFUND", Done => "DONE",
});

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// As it should.
    Done,
    /// There was nothing to pay.
    Free,
    /// It cannot be done: the order will not be placed.
    Refused,
    /// Money that was taken has to go back.
    Owing,
}

impl Step {
    /// What comes after this step.
    #[must_use]
    pub const fn after(self, outcome: Outcome) -> Self {
        match (self, outcome) {
            (Self::Reserve, Outcome::Done) => Self::Price,
            (Self::Price, Outcome::Done) => Self::Authorize,
            (Self::Authorize, Outcome::Done) => Self::Capture,
            (Self::Price, Outcome::Free) | (Self::Capture, Outcome::Done) => Self::Confirm,
            // What other customers wait for goes back first.
            (Self::Reserve | Self::Price | Self::Authorize | Self::Capture | Self::Confirm, Outcome::Refused) => {
                Self::UndoHold
            }
            (Self::UndoHold, _) => Self::UndoPayment,
            (_, Outcome::Owing) => Self::Refund,
            _ => Self::Done,
        }
    }

    /// Whether the order can still be placed.
    #[must_use]
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Reserve | Self::Price | Self::Authorize | Self::Capture | Self::Confirm)
    }
}
