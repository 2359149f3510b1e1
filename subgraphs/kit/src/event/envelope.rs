//! One event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A CloudEvents 1.0 event in its JSON form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique per `source`; UUIDv7 text. Consumers deduplicate by it.
    pub id: String,
    /// Reverse-DNS name with a version, such as `com.selvedge.inventory.stock_badge_changed.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// `/selvedge/inventory` and the like.
    pub source: String,
    /// The key: events of one subject keep their order.
    pub subject: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// `application/json`.
    pub datacontenttype: String,
    /// Where the JSON Schema of `data` is.
    pub dataschema: String,
    /// Grows per subject; a consumer drops what is not newer than what it has.
    pub revision: i64,
    /// The request that led to it.
    pub correlationid: String,
    /// The payload, described by `dataschema`.
    pub data: serde_json::Value,
}
