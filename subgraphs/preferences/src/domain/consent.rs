//! What a customer allows, per purpose, with its history.

use chrono::{DateTime, Utc};

use super::{Announcement, Customer, customer::Decided, to_milliseconds_precision};

/// The most changes of consent that are kept; the oldest make room.
pub const MAX_CONSENT_HISTORY: usize = 200;

/// What is allowed now. Nothing is, until the customer says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consent {
    /// Behaviour may be kept and used for this customer.
    pub personalisation: bool,
    /// Behaviour may be used in statistics.
    pub analytics: bool,
    /// The customer may be written to.
    pub marketing: bool,
    /// When it was last changed; absent when it never was.
    pub updated_at: Option<DateTime<Utc>>,
    /// Every change, oldest first; at most [`MAX_CONSENT_HISTORY`].
    pub history: Vec<ConsentEntry>,
}

/// What was allowed from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentEntry {
    /// See [`Consent::personalisation`].
    pub personalisation: bool,
    /// See [`Consent::analytics`].
    pub analytics: bool,
    /// See [`Consent::marketing`].
    pub marketing: bool,
    /// From when on.
    pub at: DateTime<Utc>,
    /// The request that said so.
    pub correlation_id: String,
}

/// A wish to change consent: what is absent stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsentChange {
    /// See [`Consent::personalisation`].
    pub personalisation: Option<bool>,
    /// See [`Consent::analytics`].
    pub analytics: Option<bool>,
    /// See [`Consent::marketing`].
    pub marketing: Option<bool>,
}

impl Customer {
    /// This customer with `change` of consent, said at `now` in the request `correlation_id`.
    ///
    /// # Errors
    ///
    /// Never now; a rule as the others are.
    pub fn with_consent(&self, change: ConsentChange, now: DateTime<Utc>, correlation_id: &str) -> Decided {
        let mut changed = self.clone();
        let consent = &mut changed.consent;
        consent.personalisation = change.personalisation.unwrap_or(consent.personalisation);
        consent.analytics = change.analytics.unwrap_or(consent.analytics);
        consent.marketing = change.marketing.unwrap_or(consent.marketing);
        if changed != *self {
            let consent = &mut changed.consent;
            let at = to_milliseconds_precision(now);
            consent.updated_at = Some(at);
            consent.history.push(ConsentEntry {
                personalisation: consent.personalisation,
                analytics: consent.analytics,
                marketing: consent.marketing,
                at,
                correlation_id: correlation_id.to_owned(),
            });
            let surplus = consent.history.len().saturating_sub(MAX_CONSENT_HISTORY);
            consent.history.drain(..surplus);
        }
        let mut announcements = vec![Announcement::ConsentChanged];
        // Others keep a profile with consent alone: whoever may use it from now on has not kept what was said before.
        let is_granted = changed.consent.personalisation && !self.consent.personalisation;
        if is_granted && changed.style_profile.version > 0 {
            announcements.push(Announcement::ProfileChanged);
        }
        Ok(self.decide(changed, announcements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decision;

    #[test]
    fn each_change_is_kept_and_saying_the_same_again_is_none() {
        let before = Customer::new("c1", DateTime::UNIX_EPOCH);
        let grant = ConsentChange { personalisation: Some(true), ..ConsentChange::default() };
        let Decision::Changed(granted, announcements) = before.with_consent(grant, DateTime::UNIX_EPOCH, "r1").unwrap()
        else {
            panic!()
        };
        assert!(granted.consent.personalisation && !granted.consent.marketing);
        assert_eq!(announcements, [Announcement::ConsentChanged]);
        assert_eq!(granted.consent.history[0].correlation_id, "r1");
        assert_eq!(granted.with_consent(grant, DateTime::UNIX_EPOCH, "r2").unwrap(), Decision::Unchanged);
    }

    #[test]
    fn a_profile_said_before_consent_is_told_with_it() {
        let mut before = Customer::new("c1", DateTime::UNIX_EPOCH);
        before.style_profile.version = 1;
        let grant = ConsentChange { personalisation: Some(true), ..ConsentChange::default() };
        let Decision::Changed(_, announcements) = before.with_consent(grant, DateTime::UNIX_EPOCH, "r1").unwrap()
        else {
            panic!()
        };
        assert_eq!(announcements, [Announcement::ConsentChanged, Announcement::ProfileChanged]);
    }
}
