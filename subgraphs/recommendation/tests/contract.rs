//! What the subgraph reads of events is what their schemas promise.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may unwrap")]

use std::{collections::BTreeSet, fs};

use chrono::DateTime;
use selvedge_kit::event::Event;
use selvedge_recommendation::{Config, intake::apply, state::LiveState};
use serde_json::{Value, json};

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/events");

/// Each event with the fields that this subgraph cannot do without.
const READ: [(&str, &str, &[&str]); 5] = [
    ("inventory", "stock_badge_changed", &["sku", "productId", "state", "available", "revision"]),
    (
        "inventory",
        "product_changed",
        &["productId", "title", "category", "createdAt", "deleted", "revision", "variants"],
    ),
    ("preferences", "behaviour_recorded", &["kind", "productId", "sessionId", "customerId", "occurredAt"]),
    ("preferences", "consent_changed", &["customerId", "personalisation", "revision"]),
    ("preferences", "profile_changed", &["customerId", "sizes", "styles", "colors", "brands", "revision"]),
];

fn schema(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{SCHEMAS}/{name}.v1.json")).unwrap()).unwrap()
}

#[test]
fn every_field_that_is_read_is_promised() {
    for (_, name, fields) in READ {
        let schema = schema(name);
        let required: BTreeSet<&str> =
            schema["required"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        for field in fields {
            assert!(required.contains(field), "`{name}` no longer promises `{field}`");
        }
    }
}

#[test]
fn whatever_the_schemas_allow_is_understood() {
    for (topic, name, _) in READ {
        let schema = schema(name);
        for data in samples(&schema) {
            let state = LiveState::new(&Config::default().state_limits());
            let event = Event {
                specversion: "1.0".into(),
                id: "e".into(),
                event_type: format!("com.selvedge.{topic}.{name}.v1"),
                source: format!("/selvedge/{topic}"),
                subject: "s".into(),
                time: DateTime::UNIX_EPOCH,
                datacontenttype: "application/json".into(),
                dataschema: String::new(),
                revision: 1,
                correlationid: String::new(),
                data,
            };
            let applied = apply(&state, &event, DateTime::UNIX_EPOCH);
            assert!(applied.is_ok(), "{}\n{:#}", applied.unwrap_err(), event.data);
        }
    }
}

/// An object with every value that is an enumeration, and with nulls wherever they are allowed and nowhere.
fn samples(schema: &Value) -> Vec<Value> {
    [true, false]
        .into_iter()
        .flat_map(|nulls| (0..8).map(move |choice| (nulls, choice)))
        .map(|(nulls, choice)| sample(schema, nulls, choice))
        .collect()
}

fn sample(schema: &Value, nulls: bool, choice: usize) -> Value {
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[choice % values.len()].clone();
    }
    if let Some(variants) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return sample(&variants[choice % variants.len()], nulls, choice);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    if nulls && types.contains(&"null") {
        return Value::Null;
    }
    match types.iter().find(|one| **one != "null").copied().unwrap_or("null") {
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(fields.map(|(name, field)| (name.clone(), sample(field, nulls, choice))).collect())
        }
        "array" => json!([sample(&schema["items"], nulls, choice)]),
        "string" if schema["format"] == "date-time" => json!("2026-01-02T03:04:05.678Z"),
        "string" => json!("text"),
        "integer" | "number" => json!(7),
        "boolean" => json!(choice.is_multiple_of(2)),
        _ => Value::Null,
    }
}
