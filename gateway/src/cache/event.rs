//! What the rest of the world says has changed.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

/// An entity that is no longer what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityEvent {
    /// The name of its type.
    pub typename: String,
    /// Key fields with their values, as many as are known; of a key that can change, both the old and the new belong
    /// into an event each. Empty: all entities of the type.
    #[serde(default)]
    pub key: BTreeMap<String, KeyValue>,
    /// The revision that it has now, where the entity has one of its own that grows with every change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// The value of a key field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyValue {
    /// A number, the same as its text.
    Number(i64),
    /// A text.
    Text(String),
}

impl KeyValue {
    /// The value as text.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }
}

impl EntityEvent {
    /// All entities of a type.
    #[must_use]
    pub fn whole_type(typename: impl Into<String>) -> Self {
        Self { typename: typename.into(), key: BTreeMap::new(), revision: None }
    }

    /// The entity of a type with this key.
    #[must_use]
    pub fn of(typename: impl Into<String>, field: impl Into<String>, value: impl Into<String>) -> Self {
        let key = BTreeMap::from([(field.into(), KeyValue::Text(value.into()))]);
        Self { typename: typename.into(), key, revision: None }
    }

    /// The same, with one more key field.
    #[must_use]
    pub fn and(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.key.insert(field.into(), KeyValue::Text(value.into()));
        self
    }

    /// The same, with the revision that it has now.
    #[must_use]
    pub const fn at(mut self, revision: i64) -> Self {
        self.revision = Some(revision);
        self
    }
}
