//! Schemas of events that were published once may grow and not change: a consumer that was written against them goes
//! on reading.
//!
//! `schema/published-events.json` holds what consumers may rely on. `UPDATE_SCHEMA=1` writes it anew when what is there
//! is kept; what breaks it needs a new version of the event type.

use std::{collections::BTreeMap, path::PathBuf};

use selvedge_kit::event::schemas;
use serde_json::{Value, json};

/// What a consumer of `published` could trip over in events that keep to `current`; each begins with the place.
fn breaking(published: &Value, current: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in published.as_object().into_iter().flatten() {
        match keyword.as_str() {
            // For people.
            "$schema" | "$id" | "title" | "description" => {}
            "properties" => {
                for (name, property) in rule.as_object().into_iter().flatten() {
                    let place = format!("{place}.{name}");
                    match current["properties"].get(name) {
                        Some(now) => found.extend(breaking(property, now, &place)),
                        None => found.push(format!("{place}: it is gone")),
                    }
                }
            }
            "items" => found.extend(breaking(rule, &current["items"], &format!("{place}[]"))),
            "required" => found.extend(no_longer(rule, &current["required"], place, "required")),
            "type" | "enum" => found.extend(new_values(rule, &current[keyword.as_str()], place, keyword)),
            "minimum" | "minLength" => {
                if current[keyword.as_str()].as_i64().is_none_or(|now| rule.as_i64().is_none_or(|before| now < before))
                {
                    found.push(format!("{place}: `{keyword}` was {rule}, it is {}", current[keyword.as_str()]));
                }
            }
            _ if current[keyword.as_str()] == *rule => {}
            _ => found.push(format!("{place}: `{keyword}` was {rule}, it is {}", current[keyword.as_str()])),
        }
    }
    found
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| if value.is_null() { Vec::new() } else { vec![value.clone()] })
}

fn no_longer(before: &Value, now: &Value, place: &str, what: &str) -> Vec<String> {
    let now = list(now);
    list(before)
        .iter()
        .filter(|name| !now.contains(name))
        .map(|name| format!("{place}: {name} is no longer {what}"))
        .collect()
}

/// Values that a consumer does not know; no list at all stands for every value.
fn new_values(before: &Value, now: &Value, place: &str, keyword: &str) -> Vec<String> {
    if now.is_null() {
        return vec![format!("{place}: `{keyword}` was {before}, now it may be anything")];
    }
    let before = list(before);
    list(now)
        .iter()
        .filter(|value| !before.contains(value))
        .map(|value| format!("{place}: {value} is new in `{keyword}`"))
        .collect()
}

fn current() -> BTreeMap<&'static str, Value> {
    schemas::ALL.into_iter().map(|(event_type, text)| (event_type, serde_json::from_str(text).unwrap())).collect()
}

#[test]
fn events_stay_readable_for_those_who_know_what_was_published() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schema/published-events.json");
    let published: BTreeMap<String, Value> =
        std::fs::read_to_string(&path).map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
    let current = current();
    let mut problems = Vec::new();
    for (event_type, schema) in &published {
        match current.get(event_type.as_str()) {
            Some(now) => problems.extend(breaking(schema, now, event_type)),
            None => problems.push(format!("{event_type}: it is gone")),
        }
    }
    assert!(
        problems.is_empty(),
        "these changes break consumers; make a new version of the event type beside the old one:\n  {}",
        problems.join("\n  ")
    );
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(&path, serde_json::to_string_pretty(&current).unwrap() + "\n").unwrap();
        return;
    }
    let is_recorded = current.iter().all(|(event_type, schema)| published.get(*event_type) == Some(schema));
    assert!(is_recorded, "schemas have grown: UPDATE_SCHEMA=1 cargo test -p selvedge-kit schema_changes records them");
}

#[test]
fn what_breaks_a_consumer_is_named_and_growth_does_not() {
    let before = json!({
        "type": "object", "required": ["sku", "at"],
        "properties": {
            "sku": {"type": "string", "minLength": 1, "description": "old words"},
            "state": {"enum": ["A", "B"]},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}}}
        }
    });
    let mut grown = before.clone();
    grown["properties"]["sku"]["description"] = json!("new words");
    grown["properties"]["more"] = json!({"type": "integer"});
    grown["required"] = json!(["sku", "at", "more"]);
    grown["properties"]["at"]["type"] = json!("string");
    grown["properties"]["state"]["enum"] = json!(["A"]);
    assert!(breaking(&before, &grown, "e").is_empty());

    let mut broken = before.clone();
    broken["properties"].as_object_mut().unwrap().remove("state");
    broken["properties"]["sku"]["type"] = json!(["string", "null"]);
    broken["properties"]["sku"]["minLength"] = json!(0);
    broken["properties"]["at"].as_object_mut().unwrap().remove("format");
    broken["properties"]["lines"]["items"]["properties"]["n"]["type"] = json!("number");
    broken["required"] = json!(["sku"]);
    let mut found = breaking(&before, &broken, "e");
    found.sort();
    assert_eq!(
        found,
        [
            "e.at: `format` was \"date-time\", it is null",
            "e.lines[].n: \"number\" is new in `type`",
            "e.sku: \"null\" is new in `type`",
            "e.sku: `minLength` was 1, it is 0",
            "e.state: it is gone",
            "e: \"at\" is no longer required",
        ]
    );
    let mut new_state = before.clone();
    new_state["properties"]["state"]["enum"] = json!(["A", "B", "C"]);
    assert_eq!(breaking(&before, &new_state, "e"), ["e.state: \"C\" is new in `enum`"]);
}
