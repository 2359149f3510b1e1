//! An order as far as decisions need it.

use super::OrderStatus;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineState {
    /// The line.
    pub id: String,
    /// What was ordered.
    pub variant_id: String,
    /// Price of one piece in minor units, as it was when the order was made.
    pub unit_price_minor: i64,
    /// Pieces ordered.
    pub quantity: i32,
    /// Pieces sent, those that came back too.
    pub fulfilled_quantity: i32,
    /// Pieces that will not be sent.
    pub cancelled_quantity: i32,
    /// Pieces that came back.
    pub returned_quantity: i32,
}

impl LineState {
    /// Pieces still to be sent.
    #[must_use]
    pub const fn open(&self) -> i32 {
        self.quantity - self.fulfilled_quantity - self.cancelled_quantity
    }

    /// Pieces that are with the customer.
    #[must_use]
    pub const fn with_customer(&self) -> i32 {
        self.fulfilled_quantity - self.returned_quantity
    }
}

/// Pieces of a line at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The line.
    pub line_id: String,
    /// What they are.
    pub variant_id: String,
    /// Where they are.
    pub location_id: String,
    /// How many.
    pub quantity: i32,
}

/// Pieces of a line that are promised and not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedPieces {
    /// The line.
    pub line_id: String,
    /// How many.
    pub quantity: i32,
}

/// An order as far as decisions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderState {
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Its lines, in order.
    pub lines: Vec<LineState>,
    /// Where its open pieces lie; of each line as many as are open and not awaited.
    pub allocations: Vec<Piece>,
    /// Open pieces that are promised of what is on its way.
    pub awaited: Vec<AwaitedPieces>,
    /// Those of the allocated pieces that wait to be fetched.
    pub ready: Vec<Piece>,
}

impl OrderState {
    /// The line with `id`.
    #[must_use]
    pub fn line(&self, id: &str) -> Option<&LineState> {
        self.lines.iter().find(|line| line.id == id)
    }

    pub(super) fn line_mut(&mut self, id: &str) -> Option<&mut LineState> {
        self.lines.iter_mut().find(|line| line.id == id)
    }

    /// Pieces of a line that lie at a location and do not wait to be fetched.
    #[must_use]
    pub fn free_at(&self, line_id: &str, location_id: &str) -> i32 {
        let of = |pieces: &[Piece]| -> i32 {
            let here = pieces.iter().filter(|piece| piece.line_id == line_id && piece.location_id == location_id);
            here.map(|piece| piece.quantity).sum()
        };
        of(&self.allocations) - of(&self.ready)
    }

    /// Awaited pieces came, and lie at a location now.
    pub fn keep(&mut self, piece: &Piece) {
        for own in self.awaited.iter_mut().filter(|own| own.line_id == piece.line_id) {
            own.quantity -= piece.quantity;
        }
        self.awaited.retain(|own| own.quantity > 0);
        self.allocate(piece, piece.quantity);
    }

    /// Adds `quantity`, which may be negative, to what lies at a location.
    pub(super) fn allocate(&mut self, piece: &Piece, quantity: i32) {
        let same = |own: &&mut Piece| own.line_id == piece.line_id && own.location_id == piece.location_id;
        match self.allocations.iter_mut().find(same) {
            Some(own) => own.quantity += quantity,
            None => self.allocations.push(Piece { quantity, ..piece.clone() }),
        }
        self.allocations.retain(|own| own.quantity != 0);
    }

    /// The status that follows from the counts of the lines.
    pub(super) fn settle(&mut self) {
        self.status = if self.lines.iter().any(|line| line.open() > 0) {
            OrderStatus::Placed
        } else if self.lines.iter().any(|line| line.fulfilled_quantity > 0) {
            OrderStatus::Completed
        } else {
            OrderStatus::Cancelled
        };
    }
}
