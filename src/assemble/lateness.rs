//! Whether the events of a topic come late. Pure; time is passed in.
//!
//! An outbox is published in order. Behind a bulk load, what has just been sold waits until all of that is published: the
//! bus is there, and what it says is old.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// An event that comes this long after it happened has waited behind others. Clocks of two machines may differ by less.
const LATE: TimeDelta = TimeDelta::seconds(3);
/// When no event comes for so long after one that was late, nothing waits any more.
const QUIET: Duration = Duration::from_secs(3);

/// What is known of one topic.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lateness {
    late_at: Option<Instant>,
}

impl Lateness {
    /// Notes an event that happened at `time` and comes now.
    pub(super) fn hear(&mut self, time: DateTime<Utc>, (wall, now): (DateTime<Utc>, Instant)) {
        self.late_at = (wall - time > LATE).then_some(now);
    }

    /// Until when the topic is late unless another late event comes; `None` when it is not.
    pub(super) fn until(&self) -> Option<Instant> {
        self.late_at.map(|at| at + QUIET)
    }

    /// Whether it is late; after a while of quiet it is not any more.
    pub(super) fn is_late(&mut self, now: Instant) -> bool {
        if self.until().is_some_and(|until| until <= now) {
            self.late_at = None;
        }
        self.late_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_topic_is_late_from_an_old_event_to_a_new_one_or_to_quiet() {
        let wall = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (mut topic, began) = (Lateness::default(), Instant::now());
        let aged = |seconds: i64| wall - TimeDelta::seconds(seconds);
        topic.hear(aged(1), (wall, began));
        assert!(!topic.is_late(began));
        topic.hear(aged(20), (wall, began));
        assert!(topic.is_late(began) && topic.is_late(began + QUIET / 2));
        topic.hear(aged(19), (wall, began + QUIET / 2));
        assert!(topic.is_late(began + QUIET), "the last late one counts");
        topic.hear(aged(0), (wall, began + QUIET));
        assert!(!topic.is_late(began + QUIET));
        topic.hear(aged(9), (wall, began));
        assert!(!topic.is_late(began + QUIET) && topic.until().is_none());
    }
}
