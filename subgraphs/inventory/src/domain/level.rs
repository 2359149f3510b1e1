//! Quantities of one variant at one location.

use super::{Quantities, StockEvent};

/// What lies at one location, after `version` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// The pieces.
    pub quantities: Quantities,
    /// Number of events folded in.
    pub version: i64,
}

/// An event that does not fit the level that it is folded into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {version} of variant `{variant_id}` at location `{location_id}` does not fit: {reason}")]
pub struct ImpossibleEvent {
    /// The variant.
    pub variant_id: String,
    /// The location.
    pub location_id: String,
    /// The version that the event would make.
    pub version: i64,
    /// What would be wrong.
    pub reason: &'static str,
}

impl Level {
    /// Pieces that may be sold, never below zero.
    #[must_use]
    pub fn available(&self) -> i32 {
        self.quantities.available()
    }

    /// The level after `event`.
    ///
    /// # Errors
    ///
    /// When the event is not the next one, or a quantity would go below zero, beyond 32 bits, or committed over on hand.
    pub fn evolve(&self, event: &StockEvent) -> Result<Self, ImpossibleEvent> {
        let refuse = |reason| ImpossibleEvent {
            variant_id: event.variant_id.clone(),
            location_id: event.location_id.clone(),
            version: event.version,
            reason,
        };
        if event.version != self.version + 1 {
            return Err(refuse("its version is not the next one"));
        }
        let quantities = self.quantities.plus(&event.change).map_err(refuse)?;
        Ok(Self { quantities, version: event.version })
    }
}

#[cfg(test)]
mod tests {
    use super::Level;
    use crate::domain::{EventKind, Quantities, StockEvent};

    fn event(version: i64, on_hand: i32, committed: i32) -> StockEvent {
        StockEvent {
            variant_id: "variant".to_owned(),
            location_id: "location".to_owned(),
            version,
            kind: EventKind::Adjusted,
            change: Quantities { on_hand, committed, ..Quantities::ZERO },
        }
    }

    #[test]
    fn only_the_next_event_that_keeps_the_rules_fits() {
        let level = Level { quantities: Quantities { on_hand: 5, committed: 2, ..Quantities::ZERO }, version: 4 };
        let quantities = Quantities { on_hand: 6, committed: 3, ..Quantities::ZERO };
        assert_eq!(level.evolve(&event(5, 1, 1)).unwrap(), Level { quantities, version: 5 });
        for bad in [event(4, 1, 0), event(6, 1, 0), event(5, -4, 0), event(5, 0, 4), event(5, 0, -3)] {
            assert!(level.evolve(&bad).is_err(), "{bad:?}");
        }
        assert!(level.evolve(&event(5, i32::MAX, 0)).is_err());
    }

    #[test]
    fn available_is_never_below_zero() {
        let held = Quantities { on_hand: 9, committed: 2, reserved: 1, damaged: 1, ..Quantities::ZERO };
        assert_eq!(Quantities { safety_stock: 6, ..held }.available(), 0);
        assert_eq!(Quantities { safety_stock: 1, quality_control: 3, ..held }.available(), 1);
    }

    #[test]
    fn no_more_is_held_than_is_there() {
        let full = Quantities { on_hand: 4, committed: 1, reserved: 1, damaged: 1, ..Quantities::ZERO };
        assert!(full.plus(&Quantities { quality_control: 1, safety_stock: 9, ..Quantities::ZERO }).is_ok());
        assert!(full.plus(&Quantities { quality_control: 2, ..Quantities::ZERO }).is_err());
        assert!(full.plus(&Quantities { on_hand: -2, ..Quantities::ZERO }).is_err());
    }
}
