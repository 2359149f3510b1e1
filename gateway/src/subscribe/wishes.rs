//! What a client asks of a stream beyond its operation: `extensions.live` of the request.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{GraphqlError, code};

/// What a client asks of a stream.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Wishes {
    /// Of each key at most one value in this time.
    min_interval_ms: Option<u64>,
    /// Key → the revision that the client has already: it gets that key's value when it is newer.
    resume: BTreeMap<String, i64>,
    /// The answer to a live query that the client has already.
    tag: Option<String>,
}

const LONGEST_MS: u64 = 60_000;

impl Wishes {
    /// Reads them from a request's extensions.
    pub(super) fn read(extensions: &Map<String, Value>) -> Result<Self, Vec<GraphqlError>> {
        let Some(live) = extensions.get("live") else { return Ok(Self::default()) };
        let wrong = |reason: String| {
            let message =
                format!("`extensions.live` is wrong: {reason}; it may hold `minIntervalMs`, `resume` and `tag`");
            vec![GraphqlError::new(code::BAD_USER_INPUT, message)]
        };
        let wishes: Self = serde_json::from_value(live.clone()).map_err(|error| wrong(error.to_string()))?;
        match wishes.min_interval_ms {
            Some(0 | LONGEST_MS..) => Err(wrong(format!("`minIntervalMs` must be from 1 to {}", LONGEST_MS - 1))),
            _ => Ok(wishes),
        }
    }

    pub(super) fn min_interval(&self) -> Option<Duration> {
        self.min_interval_ms.map(Duration::from_millis)
    }

    /// The tag of the answer that the client has.
    pub(super) fn known_tag(&self) -> Option<String> {
        self.tag.clone()
    }

    /// The revision that the client has of a key.
    pub(super) fn known(&self, key: &Value) -> Option<i64> {
        match key {
            Value::String(text) => self.resume.get(text).copied(),
            other => self.resume.get(&other.to_string()).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(live: &Value) -> Result<Wishes, Vec<GraphqlError>> {
        Wishes::read(json!({ "live": live }).as_object().unwrap())
    }

    #[test]
    fn reads_what_it_knows_and_refuses_the_rest() {
        let wishes = read(&json!({"minIntervalMs": 250, "resume": {"A": 7}})).unwrap();
        assert_eq!(wishes.min_interval(), Some(Duration::from_millis(250)));
        assert_eq!((wishes.known(&json!("A")), wishes.known(&json!("B"))), (Some(7), None));
        assert_eq!(Wishes::read(&Map::new()).unwrap(), Wishes::default());
        for wrong in [json!({"minIntervalMs": 0}), json!({"every": 1}), json!({"resume": ["A"]}), json!(1)] {
            let error = read(&wrong).unwrap_err().remove(0);
            assert!(error.code() == Some(code::BAD_USER_INPUT) && error.message.contains("minIntervalMs"), "{error:?}");
        }
    }
}
