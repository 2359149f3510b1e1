//! A customer and what a decision about one can be.

use chrono::{DateTime, Utc};

use super::{Consent, Refusal, StyleProfile, WishlistItem, to_milliseconds_precision};

/// Everything that is kept about one customer, apart from behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The subject of the customer's identity.
    pub id: String,
    /// How the shop addresses the customer.
    pub display_name: Option<String>,
    /// Sizes and tastes.
    pub style_profile: StyleProfile,
    /// Wished products, oldest first; at most [`super::MAX_WISHLIST_ITEMS`].
    pub wishlist: Vec<WishlistItem>,
    /// What the customer allows.
    pub consent: Consent,
    /// When the customer was first seen.
    pub created_at: DateTime<Utc>,
    /// Grows by one with every change.
    pub revision: i64,
}

/// What the rest of the shop is told about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Announcement {
    /// Sizes or tastes are other than before.
    ProfileChanged,
    /// Consent is other than before.
    ConsentChanged,
}

/// The outcome of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The customer is as wished already.
    Unchanged,
    /// The customer as it should be, and what to announce. The revision is not counted up yet.
    Changed(Box<Customer>, Vec<Announcement>),
}

/// What a rule gives: a decision, or every reason against it.
pub type Decided = Result<Decision, Vec<Refusal>>;

impl Customer {
    /// A customer who is seen for the first time: no tastes, no wishes, no consent.
    #[must_use]
    pub fn new(id: &str, now: DateTime<Utc>) -> Self {
        Self {
            id: id.to_owned(),
            display_name: None,
            style_profile: StyleProfile::default(),
            wishlist: Vec::new(),
            consent: Consent::default(),
            created_at: to_milliseconds_precision(now),
            revision: 1,
        }
    }

    /// A decision for `changed`, or for nothing when it equals this customer.
    pub(super) fn decide(&self, changed: Self, announcements: Vec<Announcement>) -> Decision {
        if changed == *self { Decision::Unchanged } else { Decision::Changed(Box::new(changed), announcements) }
    }
}
