//! What a verification says.

/// What was compared, and what differs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Variants compared.
    pub variants: u64,
    /// Levels compared.
    pub levels: u64,
    /// Events replayed.
    pub events: u64,
    /// Projected levels that wait for events and were not compared.
    pub behind: u64,
    /// How much is not as the ledger says.
    pub found: u64,
    /// The first [`DISCREPANCIES_KEPT`] of it; empty when all is well.
    pub discrepancies: Vec<Discrepancy>,
}

/// The most differences that a verification describes; it counts all.
pub const DISCREPANCIES_KEPT: usize = 1_000;

/// One thing that is not as the ledger says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// An event does not fit those before it.
    #[error("{0}")]
    Impossible(#[from] crate::domain::ImpossibleEvent),
    /// An event has a kind that does not exist.
    #[error("event `{event_id}` has the unknown kind `{kind}`")]
    UnknownKind {
        /// The event.
        event_id: String,
        /// Its kind.
        kind: String,
    },
    /// A level is not the fold of its events.
    #[error("level of `{sku}` at `{location_id}` is {stored}, its events make {replayed}")]
    Level {
        /// The SKU.
        sku: String,
        /// The location.
        location_id: String,
        /// As stored.
        stored: String,
        /// As replayed.
        replayed: String,
        /// What the level has more, or less.
        difference: String,
    },
    /// Committed is not what active reservations hold and open order lines promise.
    #[error("`{sku}` at `{location_id}` has {committed} committed, reservations and open order lines make {held}")]
    Committed {
        /// The SKU.
        sku: String,
        /// The location.
        location_id: String,
        /// As replayed.
        committed: i32,
        /// By reservations and open order lines.
        held: i64,
    },
    /// What events of inbound lines made incoming is not what is open of these lines.
    #[error("`{sku}` at `{location_id}` has {incoming} incoming by orders and shipments, their open lines make {open}")]
    Inbound {
        /// The SKU.
        sku: String,
        /// The location.
        location_id: String,
        /// By events of inbound lines.
        incoming: i64,
        /// By open inbound lines.
        open: i64,
    },
    /// What is promised of an inbound line is not what promises are made of.
    #[error("inbound line `{line_id}` has {promised} promised, promises make {parts}")]
    Promised {
        /// The inbound line.
        line_id: String,
        /// As the line says.
        promised: i32,
        /// By the parts of promises.
        parts: i64,
    },
    /// A badge does not show what levels offer.
    #[error("badge of `{sku}` shows {shown} available, its levels offer {offered}")]
    Badge {
        /// The SKU.
        sku: String,
        /// As shown.
        shown: i32,
        /// As summed.
        offered: i32,
    },
    /// A projected level is not what its events make.
    #[error("the projection `low_stock` has `{sku}` at `{location_id}` as {projected}, its events make {replayed}")]
    Projected {
        /// The SKU.
        sku: String,
        /// The location.
        location_id: String,
        /// As projected.
        projected: String,
        /// As replayed.
        replayed: String,
    },
    /// A badge says for sale what is not, or the other way round.
    #[error("badge of `{sku}` says {shown}, its levels and its policy make {made}")]
    State {
        /// The SKU.
        sku: String,
        /// As shown.
        shown: &'static str,
        /// As made.
        made: &'static str,
    },
}

impl Verification {
    pub(crate) fn add(&mut self, page: Self) {
        self.variants += page.variants;
        self.levels += page.levels;
        self.events += page.events;
        self.behind += page.behind;
        self.found += count(page.discrepancies.len());
        let room = DISCREPANCIES_KEPT.saturating_sub(self.discrepancies.len());
        self.discrepancies.extend(page.discrepancies.into_iter().take(room));
    }
}

pub(super) fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
