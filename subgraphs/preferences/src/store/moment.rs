//! Times in documents.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::domain::to_milliseconds_precision;

/// A time in a document: a BSON date where the store has one, and otherwise RFC 3339 in UTC with exactly three
/// digits of a second, which sorts as text as it does in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// `time` to the millisecond.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(to_milliseconds_precision(time))
    }

    /// The time.
    #[must_use]
    pub const fn time(self) -> DateTime<Utc> {
        self.0
    }

    /// The form in which JSON documents hold it.
    #[must_use]
    pub fn to_text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The form in which BSON documents hold it.
    #[must_use]
    pub const fn to_bson(self) -> bson::DateTime {
        bson::DateTime::from_millis(self.0.timestamp_millis())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_text())
        } else {
            self.to_bson().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            DateTime::parse_from_rfc3339(&text).map(|time| Self::at(time.to_utc())).map_err(D::Error::custom)
        } else {
            let millis = bson::DateTime::deserialize(deserializer)?.timestamp_millis();
            DateTime::from_timestamp_millis(millis).map(Self).ok_or_else(|| D::Error::custom("a time out of range"))
        }
    }
}
