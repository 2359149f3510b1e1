//! The JSON Schemas of all events (`schema/events/`), and whether an event keeps to its own: for the tests of those who
//! publish.

use serde_json::Value;

use super::{Event, check::violations_of};

/// Every event type, with the text of the schema of its data.
pub const ALL: [(&str, &str); 11] = [
    (
        "com.selvedge.inventory.stock_badge_changed.v1",
        include_str!("../../../../schema/events/stock_badge_changed.v1.json"),
    ),
    (
        "com.selvedge.inventory.stock_alert_changed.v1",
        include_str!("../../../../schema/events/stock_alert_changed.v1.json"),
    ),
    (
        "com.selvedge.inventory.waitlist_notified.v1",
        include_str!("../../../../schema/events/waitlist_notified.v1.json"),
    ),
    ("com.selvedge.inventory.order_changed.v1", include_str!("../../../../schema/events/order_changed.v1.json")),
    (
        "com.selvedge.inventory.collection_changed.v1",
        include_str!("../../../../schema/events/collection_changed.v1.json"),
    ),
    ("com.selvedge.inventory.promise_moved.v1", include_str!("../../../../schema/events/promise_moved.v1.json")),
    (
        "com.selvedge.inventory.taxonomy_category_changed.v1",
        include_str!("../../../../schema/events/taxonomy_category_changed.v1.json"),
    ),
    ("com.selvedge.inventory.product_changed.v1", include_str!("../../../../schema/events/product_changed.v1.json")),
    (
        "com.selvedge.preferences.behaviour_recorded.v1",
        include_str!("../../../../schema/events/behaviour_recorded.v1.json"),
    ),
    ("com.selvedge.preferences.consent_changed.v1", include_str!("../../../../schema/events/consent_changed.v1.json")),
    ("com.selvedge.preferences.profile_changed.v1", include_str!("../../../../schema/events/profile_changed.v1.json")),
];

/// What is wrong with `event`: its envelope by CloudEvents 1.0 and the house rules, its data by its schema. Empty when
/// it is as it should be.
#[must_use]
pub fn violations(event: &Event) -> Vec<String> {
    let mut found = envelope_violations(event);
    let Some((_, text)) = ALL.iter().find(|(event_type, _)| *event_type == event.event_type) else {
        found.push(format!("type: `{}` has no schema", event.event_type));
        return found;
    };
    match serde_json::from_str::<Value>(text) {
        Ok(schema) => {
            if schema.get("$id").and_then(Value::as_str) != Some(event.dataschema.as_str()) {
                found.push(format!("dataschema: `{}` is not the address of the schema", event.dataschema));
            }
            found.extend(violations_of(&event.data, &schema, "data"));
        }
        Err(error) => found.push(format!("the schema is not JSON: {error}")),
    }
    found
}

fn envelope_violations(event: &Event) -> Vec<String> {
    let owner = event.event_type.split('.').nth(2).unwrap_or_default();
    let rules = [
        (event.specversion == "1.0", "specversion: not `1.0`"),
        (uuid::Uuid::parse_str(&event.id).is_ok_and(|id| id.get_version_num() == 7), "id: not a UUIDv7"),
        (event.source == format!("/selvedge/{owner}"), "source: not that of the type's owner"),
        (!event.subject.is_empty(), "subject: empty"),
        (event.datacontenttype == "application/json", "datacontenttype: not `application/json`"),
        (event.revision >= 0, "revision: negative"),
        (!event.correlationid.is_empty(), "correlationid: empty"),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, violation)| violation.to_owned()).collect()
}
