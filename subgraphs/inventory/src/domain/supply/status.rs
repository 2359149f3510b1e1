//! The states of purchase orders and inbound shipments, and what may be done in which.

use crate::domain::{ErrorCode, UserError, order::names};

/// Where a purchase order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurchaseStatus {
    /// It is being written.
    Draft,
    /// The supplier has it; its pieces are incoming.
    Ordered,
    /// Some pieces came.
    PartiallyReceived,
    /// Nothing more will come.
    Received,
    /// Nothing came and nothing will.
    Cancelled,
}

names!(PurchaseStatus {
    Draft => "DRAFT", Ordered => "ORDERED", PartiallyReceived => "PARTIALLY_RECEIVED", Received => "RECEIVED",
    Cancelled => "CANCELLED",
});

/// What is done to a purchase order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurchaseAction {
    /// Change what is bought.
    Edit,
    /// Give it to the supplier.
    Order,
    /// Give up all of it, before anything came.
    Cancel,
    /// Give up what has not come.
    Close,
    /// Change when what is not sent is expected, or how much.
    Amend,
    /// Say that pieces were sent.
    Ship,
    /// Take pieces in.
    Receive,
}

names!(PurchaseAction {
    Edit => "edited", Order => "ordered", Cancel => "cancelled", Close => "closed", Amend => "amended",
    Ship => "shipped", Receive => "received",
});

impl PurchaseStatus {
    /// That `action` is possible.
    ///
    /// # Errors
    ///
    /// `PURCHASE_ORDER_STATE_INVALID` with the state, and what is possible instead.
    pub fn allow(self, action: PurchaseAction) -> Result<(), UserError> {
        use PurchaseAction as Action;
        let is_legal = match self {
            Self::Draft => matches!(action, Action::Edit | Action::Order | Action::Cancel),
            Self::Ordered => !matches!(action, Action::Edit | Action::Order | Action::Close),
            Self::PartiallyReceived => {
                matches!(action, Action::Close | Action::Amend | Action::Ship | Action::Receive)
            }
            Self::Received | Self::Cancelled => false,
        };
        if is_legal {
            return Ok(());
        }
        let hint = match (self, action) {
            (Self::PartiallyReceived, Action::Cancel) => "; close it to give up what has not come",
            (Self::Ordered, Action::Close) => "; cancel it, nothing of it has come",
            _ => "",
        };
        let message = format!("a purchase order that is {} cannot be {}{hint}", self.as_str(), action.as_str());
        Err(UserError { field: None, message, code: ErrorCode::PurchaseOrderStateInvalid })
    }

    /// The status that follows from pieces that came and pieces that are still to come, once it is ordered.
    #[must_use]
    pub const fn after(self, came: bool, open: bool) -> Self {
        match (self, came, open) {
            (Self::Draft, ..) => Self::Draft,
            (_, true, true) => Self::PartiallyReceived,
            (_, true, false) => Self::Received,
            (_, false, true) => Self::Ordered,
            (_, false, false) => Self::Cancelled,
        }
    }
}

/// Where a shipment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShipmentStatus {
    /// It has not left.
    Pending,
    /// It is on its way.
    InTransit,
    /// It is there.
    Arrived,
    /// It is taken in, as far as it ever will be.
    Closed,
    /// It will not come.
    Cancelled,
}

names!(ShipmentStatus {
    Pending => "PENDING", InTransit => "IN_TRANSIT", Arrived => "ARRIVED", Closed => "CLOSED",
    Cancelled => "CANCELLED",
});

/// What is done to a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShipmentAction {
    /// It leaves.
    Depart,
    /// It comes.
    Arrive,
    /// Nothing more of it is taken in.
    Close,
    /// It will not come.
    Cancel,
    /// Change when it is expected, how much, or who brings it.
    Amend,
    /// Take pieces in.
    Receive,
}

names!(ShipmentAction {
    Depart => "sent off", Arrive => "marked as arrived", Close => "closed", Cancel => "cancelled", Amend => "changed",
    Receive => "received",
});

impl ShipmentStatus {
    /// The status after `action`.
    ///
    /// # Errors
    ///
    /// `SHIPMENT_STATE_INVALID` with the state, when the action is not possible in it.
    pub fn after(self, action: ShipmentAction) -> Result<Self, UserError> {
        use ShipmentAction as Action;
        let next = match (self, action) {
            (Self::Pending, Action::Depart) => Some(Self::InTransit),
            (Self::Pending | Self::InTransit, Action::Arrive) => Some(Self::Arrived),
            (Self::Pending | Self::InTransit, Action::Cancel) => Some(Self::Cancelled),
            (Self::Arrived, Action::Close) => Some(Self::Closed),
            (Self::Pending | Self::InTransit | Self::Arrived, Action::Amend) => Some(self),
            (Self::InTransit | Self::Arrived, Action::Receive) => Some(Self::Arrived),
            _ => None,
        };
        next.ok_or_else(|| {
            let hint = if matches!((self, action), (Self::Pending, Action::Receive)) {
                "; say first that it left or arrived"
            } else {
                ""
            };
            let message = format!("a shipment that is {} cannot be {}{hint}", self.as_str(), action.as_str());
            UserError { field: None, message, code: ErrorCode::ShipmentStateInvalid }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{PurchaseAction, PurchaseStatus, ShipmentAction, ShipmentStatus};
    use crate::domain::ErrorCode;

    #[test]
    fn every_action_on_a_purchase_order_is_as_the_table_says() {
        use PurchaseAction::{Amend, Cancel, Close, Edit, Order, Receive, Ship};
        for (status, legal) in [
            (PurchaseStatus::Draft, vec![Edit, Order, Cancel]),
            (PurchaseStatus::Ordered, vec![Cancel, Amend, Ship, Receive]),
            (PurchaseStatus::PartiallyReceived, vec![Close, Amend, Ship, Receive]),
            (PurchaseStatus::Received, vec![]),
            (PurchaseStatus::Cancelled, vec![]),
        ] {
            for action in PurchaseAction::ALL {
                let allowed = status.allow(*action);
                assert_eq!(allowed.is_ok(), legal.contains(action), "{status:?} {action:?}");
                if let Err(refused) = allowed {
                    assert_eq!(refused.code, ErrorCode::PurchaseOrderStateInvalid);
                    assert!(refused.message.contains(status.as_str()), "{}", refused.message);
                }
            }
        }
        assert_eq!(PurchaseStatus::Ordered.after(true, true), PurchaseStatus::PartiallyReceived);
        assert_eq!(PurchaseStatus::PartiallyReceived.after(true, false), PurchaseStatus::Received);
        assert_eq!(PurchaseStatus::Ordered.after(false, false), PurchaseStatus::Cancelled);
        assert_eq!(PurchaseStatus::Draft.after(false, false), PurchaseStatus::Draft);
    }

    #[test]
    fn every_action_on_a_shipment_is_as_the_table_says() {
        use ShipmentAction::{Amend, Arrive, Cancel, Close, Depart, Receive};
        use ShipmentStatus::{Arrived, Cancelled, Closed, InTransit, Pending};
        for (status, legal) in [
            (Pending, vec![(Depart, InTransit), (Arrive, Arrived), (Cancel, Cancelled), (Amend, Pending)]),
            (InTransit, vec![(Arrive, Arrived), (Cancel, Cancelled), (Amend, InTransit), (Receive, Arrived)]),
            (Arrived, vec![(Close, Closed), (Amend, Arrived), (Receive, Arrived)]),
            (Closed, vec![]),
            (Cancelled, vec![]),
        ] {
            for action in ShipmentAction::ALL {
                let expected = legal.iter().find(|(legal, _)| legal == action).map(|(_, next)| *next);
                let next = status.after(*action);
                assert_eq!(next.as_ref().ok(), expected.as_ref(), "{status:?} {action:?}");
                if let Err(refused) = next {
                    assert_eq!(refused.code, ErrorCode::ShipmentStateInvalid);
                    assert!(refused.message.contains(status.as_str()), "{}", refused.message);
                }
            }
        }
    }
}
