//! What stands in the streams.

use std::sync::Arc;

use chrono::DateTime;
use redis::streams::StreamId;

use super::super::{BusError, DeadLetter, Delivery, Origin, Topic};
use crate::event::Event;

/// The field that holds the event's JSON.
pub(super) const FIELD: &str = "event";
/// The field of an entry that was published once more.
pub(super) const REPLAYED: &str = "replayed";
/// The field of an entry that came back from the dead letters: the group that it is for.
pub(super) const REDRIVEN: &str = "redriven";

pub(super) fn write(event: &Event) -> Result<String, BusError> {
    serde_json::to_string(event)
        .map_err(|error| BusError::NotWritten { event_id: event.id.clone(), reason: error.to_string() })
}

/// The text in the entry, whatever it is.
pub(super) fn text(entry: &StreamId) -> String {
    entry.get(FIELD).unwrap_or_default()
}

pub(super) fn origin(entry: &StreamId) -> Origin {
    match entry.get(REDRIVEN) {
        Some(group) => Origin::Redriven { group },
        None if entry.contains_key(REPLAYED) => Origin::Replayed,
        None => Origin::Relayed,
    }
}

pub(super) fn read(topic: Topic, entry: &StreamId) -> Result<Arc<Event>, BusError> {
    let malformed = |reason: String| BusError::Malformed { topic: topic.0, position: entry.id.clone(), reason };
    let text: String = entry.get(FIELD).ok_or_else(|| malformed(format!("it has no field `{FIELD}`")))?;
    serde_json::from_str(&text).map(Arc::new).map_err(|error| malformed(error.to_string()))
}

pub(super) fn read_delivery(topic: Topic, entry: &StreamId, attempt: u32) -> Result<Delivery, BusError> {
    let event = read(topic, entry)?;
    Ok(Delivery { event, position: entry.id.clone(), attempt, origin: origin(entry) })
}

/// Letters of older versions have neither id nor reason; the place in the stream names them.
pub(super) fn read_dead_letter(entry: &StreamId) -> DeadLetter {
    let ms = entry.id.split('-').next().and_then(|ms| ms.parse().ok());
    DeadLetter {
        id: entry.get("id").unwrap_or_else(|| entry.id.clone()),
        place: entry.id.clone(),
        group: entry.get("group").unwrap_or_default(),
        position: entry.get("position").unwrap_or_default(),
        attempts: entry.get("attempts").unwrap_or_default(),
        reason: entry.get("reason").unwrap_or_default(),
        at: ms.and_then(DateTime::from_timestamp_millis),
        entry: text(entry),
    }
}
