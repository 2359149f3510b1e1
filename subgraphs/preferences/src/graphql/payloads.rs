//! What mutations answer.

use async_graphql::{Enum, SimpleObject};

use super::{customer::CustomerNode, product::ProductNode};
use crate::{
    domain::{Refusal, RefusalCode},
    intake::IntakeReport,
};

/// Why something was not done.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RefusalCode")]
pub(crate) enum PreferencesErrorCode {
    /// This needs a signed-in customer.
    NotSignedIn,
    /// One call takes 500 events.
    TooManyEvents,
    /// An event is not well formed.
    InvalidEvent,
    /// A value of the profile is not well formed.
    InvalidProfile,
    /// Someone else changed the profile; read it again.
    VersionConflict,
    /// A wishlist takes 1000 products.
    WishlistFull,
    /// An id is not well formed.
    InvalidId,
}

/// A mistake that the caller can mend.
#[derive(SimpleObject)]
pub(crate) struct PreferencesUserError {
    /// The path of the argument.
    field: Option<Vec<String>>,
    /// One sentence for people.
    message: String,
    code: PreferencesErrorCode,
}

impl From<Refusal> for PreferencesUserError {
    fn from(refusal: Refusal) -> Self {
        Self { field: refusal.field, message: refusal.message, code: refusal.code.into() }
    }
}

/// The customer after the change, or why there was none.
#[derive(SimpleObject)]
pub(crate) struct UpdateStyleProfilePayload {
    pub(super) customer: Option<CustomerNode>,
    pub(super) user_errors: Vec<PreferencesUserError>,
}

/// The product and the customer after the change, or why there was none.
#[derive(SimpleObject)]
pub(crate) struct WishlistPayload {
    pub(super) product: Option<ProductNode>,
    pub(super) customer: Option<CustomerNode>,
    pub(super) user_errors: Vec<PreferencesUserError>,
}

/// The customer after the change, or why there was none.
#[derive(SimpleObject)]
pub(crate) struct SetConsentPayload {
    pub(super) customer: Option<CustomerNode>,
    pub(super) user_errors: Vec<PreferencesUserError>,
}

/// What became of the events; accepted, duplicates, dropped and rejected add up to them.
#[derive(SimpleObject, Default)]
pub(crate) struct RecordBehaviourPayload {
    /// Kept under the customer, or under the session of an anonymous caller.
    accepted: i32,
    /// Seen before.
    duplicates: i32,
    /// Of a customer without consent PERSONALISATION: nothing that leads to the person was kept.
    dropped: i32,
    /// Not well formed.
    rejected: Vec<RejectedBehaviour>,
    user_errors: Vec<PreferencesUserError>,
}

/// An event that was not taken in.
#[derive(SimpleObject)]
pub(crate) struct RejectedBehaviour {
    /// Its place in the list that was sent, from 0.
    index: i32,
    /// One sentence for people.
    message: String,
    code: PreferencesErrorCode,
}

impl RecordBehaviourPayload {
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self { user_errors: vec![refusal.into()], ..Self::default() }
    }
}

impl From<IntakeReport> for RecordBehaviourPayload {
    fn from(report: IntakeReport) -> Self {
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let rejected = report.rejected.into_iter().map(|(index, refusal)| RejectedBehaviour {
            index: number(index),
            message: refusal.message,
            code: refusal.code.into(),
        });
        Self {
            accepted: number(report.accepted),
            duplicates: number(report.duplicates),
            dropped: number(report.dropped),
            rejected: rejected.collect(),
            user_errors: Vec::new(),
        }
    }
}
