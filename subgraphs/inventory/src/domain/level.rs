//! Quantities of one variant at one location.

use super::StockEvent;

/// What lies at one location, after `version` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Pieces there.
    pub on_hand: i32,
    /// Pieces reserved; never more than on hand.
    pub committed: i32,
    /// Pieces kept back from sale.
    pub safety_stock: i32,
    /// Pieces on their way.
    pub incoming: i32,
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
    /// Pieces that may be sold: on hand − committed − safety stock, never below zero.
    #[must_use]
    pub fn available(&self) -> i32 {
        self.on_hand.saturating_sub(self.committed).saturating_sub(self.safety_stock).max(0)
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
        let add = |quantity: i32, delta: i32| quantity.checked_add(delta).filter(|sum| *sum >= 0);
        let next = Self {
            on_hand: add(self.on_hand, event.on_hand_delta).ok_or_else(|| refuse("on hand out of range"))?,
            committed: add(self.committed, event.committed_delta).ok_or_else(|| refuse("committed out of range"))?,
            safety_stock: add(self.safety_stock, event.safety_stock_delta)
                .ok_or_else(|| refuse("safety stock out of range"))?,
            incoming: add(self.incoming, event.incoming_delta).ok_or_else(|| refuse("incoming out of range"))?,
            version: event.version,
        };
        if next.committed > next.on_hand {
            return Err(refuse("committed would be more than on hand"));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::Level;
    use crate::domain::{EventKind, StockEvent};

    fn event(version: i64, on_hand_delta: i32, committed_delta: i32) -> StockEvent {
        StockEvent {
            variant_id: "variant".to_owned(),
            location_id: "location".to_owned(),
            version,
            kind: EventKind::Adjusted,
            on_hand_delta,
            committed_delta,
            safety_stock_delta: 0,
            incoming_delta: 0,
        }
    }

    #[test]
    fn only_the_next_event_that_keeps_the_rules_fits() {
        let level = Level { on_hand: 5, committed: 2, version: 4, ..Level::default() };
        assert_eq!(level.evolve(&event(5, 1, 1)).unwrap(), Level { on_hand: 6, committed: 3, version: 5, ..level });
        for bad in [event(4, 1, 0), event(6, 1, 0), event(5, -4, 0), event(5, 0, 4), event(5, 0, -3)] {
            assert!(level.evolve(&bad).is_err(), "{bad:?}");
        }
        assert!(level.evolve(&event(5, i32::MAX, 0)).is_err());
    }

    #[test]
    fn available_is_never_below_zero() {
        let level = Level { on_hand: 5, committed: 2, safety_stock: 4, ..Level::default() };
        assert_eq!(level.available(), 0);
        assert_eq!(Level { safety_stock: 1, ..level }.available(), 2);
    }
}
