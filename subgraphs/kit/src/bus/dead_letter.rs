//! What was given up.

use chrono::{DateTime, Utc};

use crate::event::Event;

/// An entry that a consumer group gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it in its topic: the group and the id of the event, so that what is given up twice is one letter.
    pub id: String,
    /// Its own place among the letters, where they have places.
    pub place: String,
    /// The group that could not handle it.
    pub group: String,
    /// The place in the topic that it had.
    pub position: String,
    /// How often it was delivered.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// When, where that is known.
    pub at: Option<DateTime<Utc>>,
    /// The event's JSON, whole, or what lay there instead.
    pub entry: String,
}

impl DeadLetter {
    /// The event, unless what lay there was none.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        serde_json::from_str(&self.entry).ok()
    }
}

/// An entry that is to be put among the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burial {
    /// Who gives it up.
    pub group: String,
    /// Its place in the topic.
    pub position: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it is given up.
    pub reason: String,
    /// The event's JSON, whole, or what lay there instead.
    pub entry: String,
}

impl Burial {
    /// The id that the letter will have.
    #[must_use]
    pub fn id(&self) -> String {
        let event = serde_json::from_str::<Event>(&self.entry);
        let name = event.map_or_else(|_| self.position.clone(), |event| event.id);
        format!("{}:{name}", self.group)
    }

    pub(super) fn into_letter(self, at: Option<DateTime<Utc>>) -> DeadLetter {
        let id = self.id();
        let Self { group, position, attempts, reason, entry } = self;
        DeadLetter { id, place: String::new(), group, position, attempts, reason, at, entry }
    }

    /// Says in the log and in the metrics that an event of `topic` was given up.
    pub(super) fn announce(&self, topic: &'static str) {
        metrics::counter!("selvedge_events_dead_total", "topic" => topic, "group" => self.group.clone()).increment(1);
        tracing::error!(
            topic,
            group = self.group,
            letter = self.id(),
            position = self.position,
            attempts = self.attempts,
            reason = self.reason,
            "gave up an event, it is among the dead letters"
        );
    }
}

/// Counts an event that will be tried again.
pub(super) fn note_retry(topic: &'static str, group: &str) {
    metrics::counter!("selvedge_events_retried_total", "topic" => topic, "group" => group.to_owned()).increment(1);
}

/// The reason for those that nobody acknowledged.
pub(super) fn silence(attempts: u32) -> String {
    format!("delivered {attempts} times and never acknowledged: the consumer stopped, or took too long")
}
