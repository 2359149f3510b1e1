//! A verified caller.

use chrono::{DateTime, Utc};

/// A verified caller; the default one is anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// The customer or staff member; `None` for an anonymous caller.
    pub subject: Option<String>,
    /// What the caller may do, sorted.
    pub scopes: Vec<String>,
    /// When the token runs out; `None` for an anonymous caller.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Identity {
    /// Whether the caller may still act at `now`.
    #[must_use]
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
