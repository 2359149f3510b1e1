//! A customer as a document.

use chrono::{DateTime, Utc};
use selvedge_kit::event::Event;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::{
    announce::CONSENT_CHANGED,
    domain::{Consent, ConsentEntry, Customer, GarmentSize, StyleProfile, WishlistItem},
};

/// The form of documents that this code writes; older ones are read as they are.
pub const SCHEMA_VERSION: i32 = 1;

/// A customer with the events about it that are on their way to the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerDocument {
    /// The customer's id.
    #[serde(rename = "_id")]
    pub id: String,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: i32,
    /// Grows with every write of the document, for whatever reason.
    pub write_version: i64,
    #[serde(default)]
    display_name: Option<String>,
    style_profile: StyleProfileDocument,
    #[serde(default)]
    wishlist: Vec<WishlistItemDocument>,
    consent: ConsentDocument,
    created_at: Moment,
    revision: i64,
    #[serde(default)]
    outbox: Vec<OutboxDocument>,
    /// Since when events have been waiting; what the relay looks for.
    #[serde(default)]
    outbox_pending_since: Option<Moment>,
    #[serde(default)]
    outbox_pending: bool,
    #[serde(default)]
    outbox_retained: bool,
    /// Behaviour of this customer is to be deleted: set in the write that withdraws consent, so that no crash forgets.
    #[serde(default)]
    pub erasure_due: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StyleProfileDocument {
    sizes: Vec<GarmentSizeDocument>,
    styles: Vec<String>,
    colors: Vec<String>,
    brands: Vec<String>,
    version: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct GarmentSizeDocument {
    garment: String,
    size: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WishlistItemDocument {
    product_id: String,
    added_at: Moment,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsentDocument {
    personalisation: bool,
    analytics: bool,
    marketing: bool,
    #[serde(default)]
    updated_at: Option<Moment>,
    #[serde(default)]
    history: Vec<ConsentEntryDocument>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsentEntryDocument {
    personalisation: bool,
    analytics: bool,
    marketing: bool,
    at: Moment,
    correlation_id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutboxDocument {
    event: Event,
    #[serde(default)]
    published_at: Option<Moment>,
}

impl CustomerDocument {
    /// The document of a customer who was not kept before.
    #[must_use]
    pub fn first(customer: &Customer) -> Self {
        Self {
            id: customer.id.clone(),
            schema_version: SCHEMA_VERSION,
            write_version: 1,
            display_name: customer.display_name.clone(),
            style_profile: StyleProfileDocument::of(&customer.style_profile),
            wishlist: customer.wishlist.iter().map(WishlistItemDocument::of).collect(),
            consent: ConsentDocument::of(&customer.consent),
            created_at: Moment::at(customer.created_at),
            revision: customer.revision,
            outbox: Vec::new(),
            outbox_pending_since: None,
            outbox_pending: false,
            outbox_retained: false,
            erasure_due: false,
        }
    }

    /// The document that follows this one: `customer`, and `events` behind those that wait already. Where consent to
    /// personalisation is withdrawn, the erasure of behaviour becomes due with it.
    #[must_use]
    pub fn followed_by(&self, customer: &Customer, events: Vec<Event>, now: DateTime<Utc>) -> Self {
        let is_withdrawn = self.consent.personalisation && !customer.consent.personalisation;
        let mut next = Self {
            outbox: self.outbox.clone(),
            outbox_pending_since: self.outbox_pending_since,
            erasure_due: self.erasure_due || is_withdrawn,
            write_version: self.write_version + 1,
            ..Self::first(customer)
        };
        next.outbox.extend(events.into_iter().map(|event| OutboxDocument { event, published_at: None }));
        next.settle_outbox(now);
        next
    }

    /// The same document with the events `ids` marked as published.
    #[must_use]
    pub fn with_published(&self, ids: &[&str], now: DateTime<Utc>) -> Self {
        let mut next = Self { write_version: self.write_version + 1, ..self.clone() };
        for waiting in &mut next.outbox {
            if ids.contains(&waiting.event.id.as_str()) && waiting.published_at.is_none() {
                waiting.published_at = Some(Moment::at(now));
            }
        }
        next.settle_outbox(now);
        next
    }

    /// The same document, the erasure of behaviour done.
    #[must_use]
    pub fn with_erasure_done(&self) -> Self {
        Self { write_version: self.write_version + 1, erasure_due: false, ..self.clone() }
    }

    /// Every event says the whole state that it is about, so of the published ones only the newest of each type is
    /// worth keeping.
    fn settle_outbox(&mut self, now: DateTime<Utc>) {
        let newest_published = |event_type: &str, outbox: &[OutboxDocument]| {
            outbox.iter().rposition(|entry| entry.published_at.is_some() && entry.event.event_type == event_type)
        };
        let kept: Vec<OutboxDocument> = self
            .outbox
            .iter()
            .enumerate()
            .filter(|(index, entry)| {
                entry.published_at.is_none() || newest_published(&entry.event.event_type, &self.outbox) == Some(*index)
            })
            .map(|(_, entry)| entry.clone())
            .collect();
        self.outbox = kept;
        self.outbox_retained = self.outbox.iter().any(|entry| entry.published_at.is_some());
        self.outbox_pending = self.outbox.iter().any(|entry| entry.published_at.is_none());
        let since = self.outbox_pending_since.unwrap_or_else(|| Moment::at(now));
        self.outbox_pending_since = self.outbox_pending.then_some(since);
    }

    /// Since when its events have been waiting.
    #[must_use]
    pub fn pending_since(&self) -> Option<DateTime<Utc>> {
        self.outbox_pending_since.map(|since| since.time())
    }

    /// The events that wait, oldest first.
    pub fn pending_events(&self) -> impl Iterator<Item = &Event> {
        self.outbox.iter().filter(|entry| entry.published_at.is_none()).map(|entry| &entry.event)
    }

    /// The newest published event of each type. Consent comes first, whatever was said first: those who are told anew
    /// keep nothing else of a customer before they know that they may.
    pub fn retained_events(&self) -> impl Iterator<Item = &Event> {
        let published = || self.outbox.iter().filter(|entry| entry.published_at.is_some()).map(|entry| &entry.event);
        let is_consent = |event: &&Event| event.event_type == CONSENT_CHANGED;
        published().filter(is_consent).chain(published().filter(move |event| !is_consent(event)))
    }

    /// The customer.
    #[must_use]
    pub fn customer(&self) -> Customer {
        Customer {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            style_profile: self.style_profile.profile(),
            wishlist: self.wishlist.iter().map(WishlistItemDocument::item).collect(),
            consent: self.consent.consent(),
            created_at: self.created_at.time(),
            revision: self.revision,
        }
    }
}

impl StyleProfileDocument {
    fn of(profile: &StyleProfile) -> Self {
        let size = |size: &GarmentSize| GarmentSizeDocument { garment: size.garment.clone(), size: size.size.clone() };
        Self {
            sizes: profile.sizes.iter().map(size).collect(),
            styles: profile.styles.clone(),
            colors: profile.colors.clone(),
            brands: profile.brands.clone(),
            version: profile.version,
        }
    }

    fn profile(&self) -> StyleProfile {
        let size = |size: &GarmentSizeDocument| GarmentSize { garment: size.garment.clone(), size: size.size.clone() };
        StyleProfile {
            sizes: self.sizes.iter().map(size).collect(),
            styles: self.styles.clone(),
            colors: self.colors.clone(),
            brands: self.brands.clone(),
            version: self.version,
        }
    }
}

impl WishlistItemDocument {
    fn of(item: &WishlistItem) -> Self {
        Self { product_id: item.product_id.clone(), added_at: Moment::at(item.added_at) }
    }

    fn item(&self) -> WishlistItem {
        WishlistItem { product_id: self.product_id.clone(), added_at: self.added_at.time() }
    }
}

impl ConsentDocument {
    fn of(consent: &Consent) -> Self {
        let entry = |entry: &ConsentEntry| ConsentEntryDocument {
            personalisation: entry.personalisation,
            analytics: entry.analytics,
            marketing: entry.marketing,
            at: Moment::at(entry.at),
            correlation_id: entry.correlation_id.clone(),
        };
        Self {
            personalisation: consent.personalisation,
            analytics: consent.analytics,
            marketing: consent.marketing,
            updated_at: consent.updated_at.map(Moment::at),
            history: consent.history.iter().map(entry).collect(),
        }
    }

    fn consent(&self) -> Consent {
        let entry = |entry: &ConsentEntryDocument| ConsentEntry {
            personalisation: entry.personalisation,
            analytics: entry.analytics,
            marketing: entry.marketing,
            at: entry.at.time(),
            correlation_id: entry.correlation_id.clone(),
        };
        Consent {
            personalisation: self.personalisation,
            analytics: self.analytics,
            marketing: self.marketing,
            updated_at: self.updated_at.map(Moment::time),
            history: self.history.iter().map(entry).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        announce::{Cause, Stamp, announce},
        domain::Announcement,
    };

    fn event(announcement: Announcement, revision: i64) -> Event {
        let customer = Customer { revision, ..Customer::new("c1", DateTime::UNIX_EPOCH) };
        let stamp = Stamp { id: format!("{revision}"), revision, now: DateTime::UNIX_EPOCH };
        announce(announcement, &customer, &Cause { stamp, correlation_id: "r".to_owned() })
    }

    fn ids<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<&'a str> {
        events.map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn of_what_was_published_the_newest_of_each_type_stays_and_consent_comes_first() {
        let now = DateTime::UNIX_EPOCH;
        let customer = Customer::new("c1", now);
        let (profile, consent) = (Announcement::ProfileChanged, Announcement::ConsentChanged);
        let events =
            vec![event(consent, 1), event(profile, 2), event(profile, 3), event(consent, 4), event(profile, 5)];
        let waiting = CustomerDocument::first(&customer).followed_by(&customer, events, now);
        assert_eq!(ids(waiting.pending_events()), ["1", "2", "3", "4", "5"]);
        let published = waiting.with_published(&["1", "2", "3", "4"], now);
        assert_eq!(ids(published.pending_events()), ["5"]);
        assert_eq!(ids(published.retained_events()), ["4", "3"]);
        assert!(published.outbox_pending && published.outbox_retained);
        let all = published.with_published(&["5"], now);
        assert_eq!(ids(all.retained_events()), ["4", "5"]);
        assert!(!all.outbox_pending && all.outbox_pending_since.is_none());
    }
}
