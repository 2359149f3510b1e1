//! What can be done to an order that is placed: order and change → the order after it, the moves of stock, and what is
//! owed to the customer; or every reason why not.

use super::{Action, Disposition, OrderState, Piece, is_legal};
use crate::domain::{ErrorCode, EventKind, PieceMove, Quantities, UserError};

/// A change of an order; all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderChange {
    /// Send pieces; with none named, everything that is open and does not wait to be fetched.
    Fulfill(Vec<Pick>),
    /// Lay everything that is open and lies at this location ready.
    Prepare(String),
    /// Hand over pieces that were ready.
    HandOver(Vec<Piece>),
    /// Take back the sending of these pieces.
    CancelFulfillment(Vec<Piece>),
    /// Let pieces that were ready be sent otherwise.
    CancelReady(Vec<Piece>),
    /// Give up everything that is not sent.
    Cancel,
    /// Take back sent pieces.
    Return(Vec<TakeBack>),
    /// Send pieces from another location.
    Reroute(Pick, String),
}

/// Pieces of a line chosen by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The line.
    pub line_id: String,
    /// Where they lie; wherever they do when absent.
    pub location_id: Option<String>,
    /// How many.
    pub quantity: i32,
}

/// Pieces of a line that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBack {
    /// The line.
    pub line_id: String,
    /// Where they came to.
    pub location_id: String,
    /// How many.
    pub quantity: i32,
    /// What is done with them.
    pub disposition: Disposition,
}

/// What a change leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChanged {
    /// The order after it.
    pub state: OrderState,
    /// What happens to stock, in order.
    pub moves: Vec<PieceMove>,
    /// The pieces that were sent, laid ready, given up or moved.
    pub pieces: Vec<Piece>,
    /// The price of what was given up or came back, in minor units.
    pub owed_minor: i64,
}

impl OrderChange {
    /// What it is called in the table of what is legal.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Fulfill(_) => Action::Fulfill,
            Self::Prepare(_) => Action::Prepare,
            Self::HandOver(_) => Action::HandOver,
            Self::CancelFulfillment(_) | Self::CancelReady(_) => Action::CancelFulfillment,
            Self::Cancel => Action::Cancel,
            Self::Return(_) => Action::Return,
            Self::Reroute(..) => Action::Reroute,
        }
    }
}

/// What `change` makes of `order`.
///
/// # Errors
///
/// Every reason why it is refused; then nothing of it happens.
pub fn decide_order(order: &OrderState, change: &OrderChange) -> Result<OrderChanged, Vec<UserError>> {
    let action = change.action();
    if !is_legal(order.status, action) {
        let status = order.status.as_str();
        let message = format!("an order that is {status} cannot be {}", action.participle());
        return Err(vec![UserError { field: None, message, code: ErrorCode::OrderStateInvalid }]);
    }
    let after = OrderChanged { state: order.clone(), moves: Vec::new(), pieces: Vec::new(), owed_minor: 0 };
    let mut draft = Draft { after, errors: Vec::new() };
    match change {
        OrderChange::Fulfill(picks) if picks.is_empty() => draft.send_everything(),
        OrderChange::Fulfill(picks) => picks.iter().enumerate().for_each(|(index, pick)| draft.send(index, pick)),
        OrderChange::Prepare(location_id) => draft.prepare(location_id),
        OrderChange::HandOver(pieces) => pieces.iter().for_each(|piece| {
            draft.unready(piece);
            draft.take(piece);
        }),
        OrderChange::CancelFulfillment(pieces) => pieces.iter().for_each(|piece| draft.call_back(piece)),
        OrderChange::CancelReady(pieces) => pieces.iter().for_each(|piece| draft.unready(piece)),
        OrderChange::Cancel => draft.give_up(),
        OrderChange::Return(lines) => lines.iter().enumerate().for_each(|(index, line)| draft.take_back(index, line)),
        OrderChange::Reroute(pick, to) => draft.reroute(pick, to),
    }
    let Draft { mut after, errors } = draft;
    if !errors.is_empty() {
        return Err(errors);
    }
    after.state.settle();
    Ok(after)
}

struct Draft {
    after: OrderChanged,
    errors: Vec<UserError>,
}

impl Draft {
    fn refuse(&mut self, (index, member): (usize, &str), code: ErrorCode, message: String) {
        self.errors.push(UserError::in_list(("lines", index), member, code, message));
    }

    fn invalid(&mut self, message: &str) {
        self.errors.push(UserError { field: None, message: message.to_owned(), code: ErrorCode::OrderStateInvalid });
    }

    fn send_everything(&mut self) {
        let pieces: Vec<Piece> = self.after.state.allocations.clone();
        for piece in pieces {
            let quantity = self.after.state.free_at(&piece.line_id, &piece.location_id);
            if quantity > 0 {
                self.take(&Piece { quantity, ..piece });
            }
        }
        if self.after.pieces.is_empty() {
            self.invalid("nothing of this order is left to be sent");
        }
    }

    fn send(&mut self, index: usize, pick: &Pick) {
        for piece in self.picked(index, pick) {
            self.take(&piece);
        }
    }

    /// The pieces that a caller chose, as they lie; none, and an error, when they do not.
    fn picked(&mut self, index: usize, pick: &Pick) -> Vec<Piece> {
        let Pick { line_id, location_id, quantity } = pick;
        if self.after.state.line(line_id).is_none() {
            self.refuse((index, "lineId"), ErrorCode::LineNotFound, format!("the order has no line `{line_id}`"));
            return Vec::new();
        }
        if *quantity < 1 {
            self.refuse((index, "quantity"), ErrorCode::InvalidQuantity, format!("{quantity} pieces cannot be sent"));
            return Vec::new();
        }
        let mut missing = *quantity;
        let mut picked = Vec::new();
        for piece in &self.after.state.allocations {
            let is_chosen = piece.line_id == *line_id && location_id.as_ref().is_none_or(|id| *id == piece.location_id);
            let take = missing.min(self.after.state.free_at(line_id, &piece.location_id));
            if is_chosen && take > 0 {
                picked.push(Piece { quantity: take, ..piece.clone() });
                missing -= take;
            }
        }
        if missing == 0 {
            return picked;
        }
        let there = quantity - missing;
        let message = format!("{quantity} pieces are to be sent, {there} of this line are open there");
        self.refuse((index, "quantity"), ErrorCode::InvalidQuantity, message);
        Vec::new()
    }

    /// Takes pieces out of stock, for the customer.
    fn take(&mut self, piece: &Piece) {
        let Some(line) = self.after.state.line_mut(&piece.line_id) else {
            return self.invalid("the pieces belong to no line of this order");
        };
        line.fulfilled_quantity += piece.quantity;
        self.after.state.allocate(piece, -piece.quantity);
        let change = Quantities { on_hand: -piece.quantity, committed: -piece.quantity, ..Quantities::ZERO };
        self.push(piece, EventKind::Fulfilled, change);
        self.after.pieces.push(piece.clone());
    }

    fn call_back(&mut self, piece: &Piece) {
        let Some(line) = self.after.state.line_mut(&piece.line_id) else {
            return self.invalid("the pieces belong to no line of this order");
        };
        if line.with_customer() < piece.quantity {
            return self.invalid("pieces of this fulfillment have come back already");
        }
        line.fulfilled_quantity -= piece.quantity;
        self.after.state.allocate(piece, piece.quantity);
        let change = Quantities { on_hand: piece.quantity, committed: piece.quantity, ..Quantities::ZERO };
        self.push(piece, EventKind::FulfillmentCancelled, change);
        self.after.pieces.push(piece.clone());
    }

    fn prepare(&mut self, location_id: &str) {
        let here: Vec<Piece> =
            self.after.state.allocations.iter().filter(|piece| piece.location_id == location_id).cloned().collect();
        for piece in here {
            let quantity = self.after.state.free_at(&piece.line_id, location_id);
            if quantity > 0 {
                let piece = Piece { quantity, ..piece };
                self.after.state.ready.push(piece.clone());
                self.after.pieces.push(piece);
            }
        }
        if self.after.pieces.is_empty() {
            self.invalid("nothing of this order lies at the place where it is fetched");
        }
    }

    fn unready(&mut self, piece: &Piece) {
        let own = self.after.state.ready.iter().position(|own| own == piece);
        match own {
            Some(place) => drop(self.after.state.ready.swap_remove(place)),
            None => self.invalid("the pieces do not wait to be fetched"),
        }
    }

    fn give_up(&mut self) {
        let pieces = std::mem::take(&mut self.after.state.allocations);
        let awaited = std::mem::take(&mut self.after.state.awaited);
        self.after.state.ready.clear();
        if pieces.is_empty() && awaited.is_empty() {
            return self.invalid("everything of this order is sent");
        }
        for piece in &pieces {
            if let Some(line) = self.after.state.line_mut(&piece.line_id) {
                line.cancelled_quantity += piece.quantity;
                self.after.owed_minor += line.unit_price_minor * i64::from(piece.quantity);
            }
            let change = Quantities { committed: -piece.quantity, ..Quantities::ZERO };
            self.push(piece, EventKind::OrderCancelled, change);
        }
        for one in &awaited {
            if let Some(line) = self.after.state.line_mut(&one.line_id) {
                line.cancelled_quantity += one.quantity;
                self.after.owed_minor += line.unit_price_minor * i64::from(one.quantity);
            }
        }
        self.after.pieces = pieces;
    }

    fn take_back(&mut self, index: usize, back: &TakeBack) {
        let TakeBack { line_id, location_id, quantity, disposition } = back;
        let Some(line) = self.after.state.line_mut(line_id) else {
            let message = format!("the order has no line `{line_id}`");
            return self.refuse((index, "lineId"), ErrorCode::LineNotFound, message);
        };
        let with_customer = line.with_customer();
        if *quantity < 1 || *quantity > with_customer {
            let message = format!("{quantity} pieces cannot come back, {with_customer} are with the customer");
            return self.refuse((index, "quantity"), ErrorCode::InvalidQuantity, message);
        }
        line.returned_quantity += quantity;
        let (variant_id, price) = (line.variant_id.clone(), line.unit_price_minor);
        self.after.owed_minor += price * i64::from(*quantity);
        let quantity = *quantity;
        let change = match disposition {
            Disposition::Restock => Quantities { on_hand: quantity, ..Quantities::ZERO },
            Disposition::Damaged => Quantities { on_hand: quantity, damaged: quantity, ..Quantities::ZERO },
            Disposition::Discarded => Quantities::ZERO,
        };
        let piece = Piece { line_id: line_id.clone(), variant_id, location_id: location_id.clone(), quantity };
        self.push(&piece, EventKind::Returned, change);
        self.after.pieces.push(piece);
    }

    fn reroute(&mut self, pick: &Pick, to: &str) {
        if pick.location_id.as_deref() == Some(to) {
            return self.invalid("the pieces lie there already");
        }
        for piece in self.picked(0, pick).into_iter().filter(|piece| piece.location_id != to) {
            let there = Piece { location_id: to.to_owned(), ..piece.clone() };
            self.after.state.allocate(&piece, -piece.quantity);
            self.after.state.allocate(&there, piece.quantity);
            let change = Quantities { committed: -piece.quantity, ..Quantities::ZERO };
            self.push(&piece, EventKind::Rerouted, change);
            let change = Quantities { committed: piece.quantity, ..Quantities::ZERO };
            self.push(&there, EventKind::Rerouted, change);
            self.after.pieces.push(there);
        }
    }

    fn push(&mut self, piece: &Piece, kind: EventKind, change: Quantities) {
        self.after.moves.push(PieceMove {
            kind,
            variant_id: piece.variant_id.clone(),
            location_id: piece.location_id.clone(),
            change,
        });
    }
}
