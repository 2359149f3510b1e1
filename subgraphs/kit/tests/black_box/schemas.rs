//! The schemas of events, and that they say something.

use selvedge_kit::event::{Event, schemas};
use serde_json::{Value, json};

use crate::support::now;

fn badge_changed(data: Value) -> Event {
    Event {
        specversion: "1.0".into(),
        id: uuid::Uuid::now_v7().to_string(),
        event_type: "com.selvedge.inventory.stock_badge_changed.v1".into(),
        source: "/selvedge/inventory".into(),
        subject: "SKU-1".into(),
        time: now(),
        datacontenttype: "application/json".into(),
        dataschema: "https://selvedge.dev/schema/events/stock_badge_changed.v1.json".into(),
        revision: 4,
        correlationid: "c-1".into(),
        data,
    }
}

fn good() -> Event {
    badge_changed(json!({
        "sku": "SKU-1", "variantId": "v1", "productId": "p1", "state": "BACKORDER", "available": 0,
        "expectedAt": "2026-12-01T00:00:00Z", "revision": 4
    }))
}

#[test]
fn an_event_as_it_should_be_has_no_violations() {
    assert_eq!(schemas::violations(&good()), [""; 0]);
    let text = serde_json::to_string(&good()).unwrap();
    assert_eq!(schemas::violations(&serde_json::from_str(&text).unwrap()), [""; 0]);
}

#[test]
fn what_is_wrong_is_named() {
    let mut data = good().data;
    data["state"] = json!("GONE");
    data.as_object_mut().unwrap().remove("productId");
    let event = Event { id: "1".into(), source: "/selvedge/preferences".into(), ..badge_changed(data) };
    assert_eq!(
        schemas::violations(&event),
        [
            "id: not a UUIDv7",
            "source: not that of the type's owner",
            "data.state: \"GONE\" breaks `enum` [\"IN_STOCK\",\"LOW_STOCK\",\"OUT_OF_STOCK\",\"BACKORDER\",\"PREORDER\"]",
            "data.productId: missing",
        ]
    );
    let unknown = Event { event_type: "com.selvedge.inventory.other.v1".into(), ..good() };
    assert_eq!(schemas::violations(&unknown), ["type: `com.selvedge.inventory.other.v1` has no schema"]);
}

#[test]
fn every_schema_describes_an_object_whose_properties_are_described() {
    for (event_type, text) in schemas::ALL {
        let schema: Value = serde_json::from_str(text).unwrap();
        let file = event_type.rsplit('.').nth(1).unwrap();
        assert_eq!(schema["$id"], format!("https://selvedge.dev/schema/events/{file}.v1.json"));
        assert_eq!(schema["type"], "object");
        let properties = schema["properties"].as_object().unwrap();
        assert!(properties.values().all(|property| property["description"].is_string()), "{event_type}");
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(schema["required"], json!(names), "{event_type}: all are required, null is said");
    }
}
