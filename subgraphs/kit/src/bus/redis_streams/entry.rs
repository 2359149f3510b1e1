//! What stands in the streams.

use std::sync::Arc;

use redis::streams::StreamId;

use super::super::{BusError, DeadLetter, Topic};
use crate::event::Event;

/// The field that holds the event's JSON.
pub(super) const FIELD: &str = "event";

pub(super) fn write(event: &Event) -> Result<String, BusError> {
    serde_json::to_string(event)
        .map_err(|error| BusError::NotWritten { event_id: event.id.clone(), reason: error.to_string() })
}

/// The text in the entry, whatever it is.
pub(super) fn text(entry: &StreamId) -> String {
    entry.get(FIELD).unwrap_or_default()
}

pub(super) fn read(topic: Topic, entry: &StreamId) -> Result<Arc<Event>, BusError> {
    let malformed = |reason: String| BusError::Malformed { topic: topic.0, position: entry.id.clone(), reason };
    let text: String = entry.get(FIELD).ok_or_else(|| malformed(format!("it has no field `{FIELD}`")))?;
    serde_json::from_str(&text).map(Arc::new).map_err(|error| malformed(error.to_string()))
}

pub(super) fn read_dead_letter(entry: &StreamId) -> DeadLetter {
    DeadLetter {
        group: entry.get("group").unwrap_or_default(),
        position: entry.get("position").unwrap_or_default(),
        attempts: entry.get("attempts").unwrap_or_default(),
        entry: text(entry),
    }
}
