//! Changes in the envelope of the bus.

use chrono::{DateTime, SecondsFormat, Utc};
use selvedge_kit::event::Event;
use serde_json::{Value, json};

use super::Stamp;
use crate::domain::{Announcement, Customer, RecordedBehaviour};

const SOURCE: &str = "/selvedge/preferences";

/// The type of events that tell of consent.
pub const CONSENT_CHANGED: &str = "com.selvedge.preferences.consent_changed.v1";

/// The request behind a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Id and time of the event.
    pub stamp: Stamp,
    /// The request that led to it.
    pub correlation_id: String,
}

/// The event that tells of `announcement` about `customer`.
#[must_use]
pub fn announce(announcement: Announcement, customer: &Customer, cause: &Cause) -> Event {
    let (name, data) = match announcement {
        Announcement::ProfileChanged => ("profile_changed", profile_data(customer)),
        Announcement::ConsentChanged => ("consent_changed", consent_data(customer)),
    };
    let about = About {
        name,
        id: cause.stamp.id.clone(),
        subject: customer.id.clone(),
        time: cause.stamp.now,
        revision: customer.revision,
        correlation_id: cause.correlation_id.clone(),
    };
    envelope(about, data)
}

/// The event that tells of `recorded`. Its subject is the customer who allows it, or else the session.
#[must_use]
pub fn behaviour_recorded(recorded: &RecordedBehaviour) -> Event {
    let event = &recorded.event;
    let data = json!({
        "eventId": event.id,
        "kind": event.kind.as_str(),
        "productId": event.product_id,
        "sku": event.sku,
        "sessionId": event.session_id,
        "customerId": recorded.customer_id,
        "quantity": event.quantity,
        "occurredAt": event.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true),
    });
    let subject = recorded.customer_id.clone().unwrap_or_else(|| format!("session:{}", event.session_id));
    let about = About {
        name: "behaviour_recorded",
        id: recorded.published_id.clone(),
        subject,
        time: recorded.recorded_at,
        revision: recorded.revision,
        correlation_id: recorded.correlation_id.clone(),
    };
    envelope(about, data)
}

struct About {
    name: &'static str,
    id: String,
    subject: String,
    time: DateTime<Utc>,
    revision: i64,
    correlation_id: String,
}

fn envelope(about: About, data: Value) -> Event {
    Event {
        specversion: "1.0".to_owned(),
        id: about.id,
        event_type: format!("com.selvedge.preferences.{}.v1", about.name),
        source: SOURCE.to_owned(),
        subject: about.subject,
        time: about.time,
        datacontenttype: "application/json".to_owned(),
        dataschema: format!("https://selvedge.dev/schema/events/{}.v1.json", about.name),
        revision: about.revision,
        correlationid: about.correlation_id,
        data,
    }
}

fn profile_data(customer: &Customer) -> Value {
    let profile = &customer.style_profile;
    let sizes: Vec<Value> =
        profile.sizes.iter().map(|size| json!({ "garment": size.garment, "size": size.size })).collect();
    json!({
        "customerId": customer.id,
        "sizes": sizes,
        "styles": profile.styles,
        "colors": profile.colors,
        "brands": profile.brands,
        "revision": customer.revision,
    })
}

fn consent_data(customer: &Customer) -> Value {
    let consent = &customer.consent;
    json!({
        "customerId": customer.id,
        "personalisation": consent.personalisation,
        "analytics": consent.analytics,
        "marketing": consent.marketing,
        "revision": customer.revision,
    })
}
