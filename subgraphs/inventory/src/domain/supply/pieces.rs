//! The pieces of a line that is on its way.

use crate::domain::Quantities;

/// How many pieces of a line are expected, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboundPieces {
    /// Pieces in all.
    pub quantity: i32,
    /// Came, and are fit for sale.
    pub accepted: i32,
    /// Came, and went back.
    pub rejected: i32,
    /// Came, are kept, and are not fit for sale.
    pub damaged: i32,
    /// Will not come.
    pub cut: i32,
}

/// Pieces that come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// Fit for sale.
    pub accepted: i32,
    /// Sent back.
    pub rejected: i32,
    /// Kept, and not fit for sale.
    pub damaged: i32,
}

impl Arrival {
    /// All of them; `None` when there is none, one of them is below zero, or they cannot be counted.
    #[must_use]
    pub fn pieces(&self) -> Option<i32> {
        let parts = [self.accepted, self.rejected, self.damaged];
        let sum = parts.into_iter().try_fold(0_i32, |sum, part| sum.checked_add(part).filter(|_| part >= 0));
        sum.filter(|sum| *sum > 0)
    }

    /// What they change at the location.
    #[must_use]
    pub fn change(&self) -> Quantities {
        let incoming = -(self.accepted + self.rejected + self.damaged);
        Quantities { on_hand: self.accepted + self.damaged, damaged: self.damaged, incoming, ..Quantities::ZERO }
    }
}

impl InboundPieces {
    /// So many pieces of which none has come.
    #[must_use]
    pub fn expected(quantity: i32) -> Self {
        Self { quantity, ..Self::default() }
    }

    /// Pieces that came.
    #[must_use]
    pub const fn came(&self) -> i32 {
        self.accepted + self.rejected + self.damaged
    }

    /// Pieces that are still to come.
    #[must_use]
    pub const fn open(&self) -> i32 {
        self.quantity - self.came() - self.cut
    }

    /// After pieces came.
    ///
    /// # Errors
    ///
    /// Why they cannot have come.
    pub fn received(self, arrival: &Arrival) -> Result<Self, String> {
        let Some(pieces) = arrival.pieces() else {
            return Err("at least one piece is received, and no number is below zero".to_owned());
        };
        if pieces > self.open() {
            let open = self.open();
            return Err(format!("{pieces} pieces are to be received, {open} are still to come; raise the line first"));
        }
        Ok(Self {
            accepted: self.accepted + arrival.accepted,
            rejected: self.rejected + arrival.rejected,
            damaged: self.damaged + arrival.damaged,
            ..self
        })
    }

    /// After `pieces` that were to come will not.
    #[must_use]
    pub fn without(self, pieces: i32) -> Self {
        Self { cut: self.cut + pieces.clamp(0, self.open()), ..self }
    }

    /// After `pieces` more are expected, or fewer, because they are now expected otherwise.
    #[must_use]
    pub fn moved(self, pieces: i32) -> Self {
        Self { quantity: self.quantity.saturating_add(pieces.max(-self.open())), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, InboundPieces};
    use crate::domain::Quantities;

    #[test]
    fn what_comes_is_part_of_what_was_expected() {
        let line = InboundPieces::expected(10);
        let arrival = Arrival { accepted: 4, rejected: 1, damaged: 2 };
        let after = line.received(&arrival).unwrap();
        assert_eq!((after.came(), after.open()), (7, 3));
        let change = Quantities { on_hand: 6, damaged: 2, incoming: -7, ..Quantities::ZERO };
        assert_eq!(arrival.change(), change);
        assert!(after.received(&Arrival { accepted: 4, ..Arrival::default() }).unwrap_err().contains("3 are still"));
        for impossible in [
            Arrival::default(),
            Arrival { accepted: 2, rejected: -1, damaged: 0 },
            Arrival { accepted: i32::MAX, rejected: 1, damaged: 0 },
        ] {
            assert!(line.received(&impossible).is_err(), "{impossible:?}");
        }
        assert_eq!(after.without(2).open(), 1);
        assert_eq!(after.without(20).open(), 0);
        assert_eq!((after.moved(-20).open(), after.moved(5).open()), (0, 8));
    }

    proptest::proptest! {
        /// Whatever is done to a line, its pieces add up.
        #[test]
        fn pieces_add_up(steps in proptest::collection::vec((0..4_u8, 0..9_i32, 0..5_i32), 0..20)) {
            let mut line = InboundPieces::expected(20);
            for (step, some, other) in steps {
                line = match step {
                    0 => line.without(some),
                    1 => line.moved(some - 4),
                    _ => line.received(&Arrival { accepted: some, rejected: other, damaged: 1 }).unwrap_or(line),
                };
                assert!(line.open() >= 0 && line.cut >= 0);
                assert_eq!(line.quantity, line.open() + line.came() + line.cut);
            }
        }
    }
}
