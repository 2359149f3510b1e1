//! Ids that grow.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use selvedge_kit::clock::Clock;
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes UUIDv7s by the clock that was passed in; each is greater than the one before.
pub struct EventIds {
    clock: Arc<dyn Clock>,
    latest: Mutex<Latest>,
}

struct Latest {
    context: ContextV7,
    revision: i64,
}

/// A moment with an id and a number of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// UUIDv7.
    pub id: String,
    /// Microseconds since 1970, or one more than the last.
    pub revision: i64,
    /// The time.
    pub now: DateTime<Utc>,
}

impl EventIds {
    /// Ids by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest: Mutex::new(Latest { context: ContextV7::new(), revision: 0 }) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new id.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let now = self.clock.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let mut latest = self.latest.lock();
        let id = Uuid::new_v7(Timestamp::from_unix(&latest.context, seconds, now.timestamp_subsec_nanos()));
        latest.revision = now.timestamp_micros().max(latest.revision.saturating_add(1));
        Stamp { id: id.to_string(), revision: latest.revision, now }
    }
}

#[cfg(test)]
mod tests {
    use selvedge_kit::clock::ManualClock;

    use super::*;

    #[test]
    fn ids_and_revisions_grow_while_the_clock_stands_still() {
        let ids =
            EventIds::new(Arc::new(ManualClock::starting_at(DateTime::from_timestamp(1_800_000_000, 0).unwrap())));
        let stamps: Vec<Stamp> = (0..1_000).map(|_| ids.stamp()).collect();
        assert!(stamps.windows(2).all(|pair| pair[0].id < pair[1].id && pair[0].revision < pair[1].revision));
    }
}
