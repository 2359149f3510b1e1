//! What an event of the ledger says of pieces that go, and of corrections by hand.

use chrono::{DateTime, Utc};

use crate::domain::EventKind;

/// Reason of the events that make stock what was counted.
const COUNTED: &str = "RECONCILIATION";
/// Reasons for which pieces are missing, and for which they are found again. What goes elsewhere or comes back is not.
const LOSSES: [&str; 6] = ["CORRECTION", "CYCLE_COUNT", "DAMAGED", "SHRINKAGE", "OTHER", COUNTED];
/// Begins the name of who is no person.
const SYSTEM: &str = "system:";

/// Kinds of events with pieces that go to customers, or without a trace.
#[must_use]
pub const fn outflow_kinds() -> &'static [EventKind] {
    &[
        EventKind::Reserved,
        EventKind::Released,
        EventKind::Expired,
        EventKind::OrderCancelled,
        EventKind::Adjusted,
        EventKind::Damaged,
    ]
}

/// How many pieces go by an event that changes on hand and committed so: what is promised to customers, less what they gave
/// back, and what staff takes off. Pieces count once, when they are promised, and not again when they are sent; what is
/// found, received or brought to another location does not count against them.
#[must_use]
pub fn outflow_of(kind: EventKind, on_hand: i32, committed: i32) -> i64 {
    match kind {
        EventKind::Reserved | EventKind::Released | EventKind::Expired | EventKind::OrderCancelled => committed.into(),
        EventKind::Adjusted | EventKind::Damaged => -i64::from(on_hand.min(0)),
        _ => 0,
    }
}

/// What an event says of corrections by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Correction {
    /// Pieces that a person added or took.
    pub by_hand: i64,
    /// 1 when pieces are missing.
    pub losses: i64,
    /// Pieces that are missing; below zero for those that were found again.
    pub lost: i64,
}

impl Correction {
    /// Adds another one.
    pub const fn add(&mut self, other: Self) {
        self.by_hand = self.by_hand.saturating_add(other.by_hand);
        self.losses = self.losses.saturating_add(other.losses);
        self.lost = self.lost.saturating_add(other.lost);
    }
}

/// What an event that adds so many pieces to what is on hand says of corrections by hand; `None` when nothing.
#[must_use]
pub fn correction_of(kind: EventKind, (reason, actor): (&str, &str), on_hand: i32) -> Option<Correction> {
    if !matches!(kind, EventKind::Adjusted | EventKind::Damaged) || on_hand == 0 {
        return None;
    }
    let pieces = i64::from(on_hand);
    // A count is told by what it differs, whoever brings it.
    let by_person = reason != COUNTED && !actor.starts_with(SYSTEM);
    let is_loss = LOSSES.contains(&reason);
    let correction = Correction {
        by_hand: if by_person { pieces.abs() } else { 0 },
        losses: i64::from(is_loss && pieces < 0),
        lost: if is_loss { -pieces } else { 0 },
    };
    (correction != Correction::default()).then_some(correction)
}

/// Whether an event makes stock what was counted.
#[must_use]
pub fn is_count(kind: EventKind, reason: &str) -> bool {
    kind == EventKind::Adjusted && reason == COUNTED
}

/// The day of UTC that `time` is in, counted from 1970.
#[must_use]
pub const fn day_of(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::{Correction, EventKind, correction_of, outflow_kinds, outflow_of};

    #[test]
    fn pieces_go_once() {
        // Held, and then sent.
        assert_eq!(outflow_of(EventKind::Reserved, 0, 3), 3);
        assert_eq!(outflow_of(EventKind::Fulfilled, -3, -3), 0);
        // Held, and given back.
        assert_eq!(outflow_of(EventKind::Expired, 0, -3), -3);
        assert_eq!(outflow_of(EventKind::Adjusted, -4, 0), 4);
        assert_eq!(outflow_of(EventKind::Adjusted, 4, 0), 0, "found pieces do not hide others");
        for kind in [EventKind::Transferred, EventKind::Received, EventKind::Loaded, EventKind::Rerouted] {
            assert_eq!(outflow_of(kind, -9, -9), 0);
            assert!(!outflow_kinds().contains(&kind));
        }
    }

    #[test]
    fn what_is_read_is_what_counts() {
        for kind in EventKind::ALL {
            let counts = outflow_of(*kind, -1, 1) != 0 || correction_of(*kind, ("OTHER", "staff"), -1).is_some();
            assert_eq!(counts, outflow_kinds().contains(kind), "{kind:?}");
        }
    }

    #[test]
    fn corrections_are_by_people_and_for_a_reason() {
        let of = |reason, actor, pieces| correction_of(EventKind::Adjusted, (reason, actor), pieces);
        let lost = Correction { by_hand: 2, losses: 1, lost: 2 };
        assert_eq!(of("SHRINKAGE", "staff", -2), Some(lost));
        assert_eq!(of("CORRECTION", "staff", 2), Some(Correction { losses: 0, lost: -2, ..lost }));
        assert_eq!(of("TRANSFER", "staff", -2), Some(Correction { losses: 0, lost: 0, ..lost }));
        assert_eq!(of("RECONCILIATION", "system:count", -2), Some(Correction { by_hand: 0, ..lost }));
        assert_eq!(of("TRANSFER", "system:count", -2), None);
        assert_eq!(correction_of(EventKind::Received, ("RECEIVED", "staff"), 500), None);
    }
}
