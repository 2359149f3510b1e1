//! From an event's data, and from the answer to a snapshot, to the response of a subscription.

use std::fmt::Write;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::shape::{KEYS, Leaf, Shape};
use crate::schema::LiveField;

/// What a key is known by: the JSON text of its value.
pub(super) fn key_text(value: &Value) -> String {
    value.to_string()
}

/// The key and the revision of an event, if its data has them as the schema says.
pub(super) fn read_event(live: &LiveField, data: &Map<String, Value>) -> Option<(String, Option<i64>)> {
    let key = data.get(&live.field).filter(|key| key.is_string() || key.is_number())?;
    let revision = match &live.revision {
        Some(name) => Some(data.get(name)?.as_i64()?),
        None => None,
    };
    Some((key_text(key), revision))
}

/// The response that an event's data fills; `None` when the data lacks a field that it should carry.
pub(super) fn fill(shape: &Shape, live: &LiveField, data: &Map<String, Value>) -> Option<Bytes> {
    let mut out = String::with_capacity(128);
    let _ = write!(out, "{{\"data\":{{\"{}\":{{", shape.root);
    for (index, (name, leaf)) in shape.leaves.as_ref()?.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = match leaf {
            Leaf::Typename => write!(out, "{comma}\"{name}\":\"{}\"", live.payload),
            Leaf::Data(field) => write!(out, "{comma}\"{name}\":{}", data.get(field)?),
        };
    }
    out.push_str("}}}");
    Some(Bytes::from(out))
}

/// The request for what is true now of `keys`.
pub(super) fn snapshot_body(shape: &Shape, is_list: bool, keys: &[Value], variables: &Map<String, Value>) -> Bytes {
    let mut sent: Map<String, Value> =
        shape.variables.iter().filter_map(|name| Some((name.clone(), variables.get(name)?.clone()))).collect();
    let keys = match keys {
        [one] if !is_list => one.clone(),
        all => Value::Array(all.to_vec()),
    };
    sent.insert(KEYS.to_owned(), keys);
    let body = serde_json::json!({ "query": shape.snapshot, "variables": sent });
    Bytes::from(body.to_string())
}

/// One item of a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) revision: Option<i64>,
    /// As a subscription's event.
    pub(super) response: Bytes,
}

/// What came of a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// Those keys of which there is something.
    Items(Vec<Item>),
    /// The subgraph refused: its `errors` as JSON.
    Refused(String),
    /// It is no answer to what was asked.
    Broken(String),
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Option<Items<'a>>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow, rename = "selvedgeItems")]
    items: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "selvedgeKey")]
    key: Value,
    #[serde(rename = "selvedgeRevision", default)]
    revision: Option<i64>,
}

/// Takes the answer to a snapshot apart.
pub(super) fn read_snapshot(shape: &Shape, answer: &[u8]) -> Snapshot {
    let answer: Answer<'_> = match serde_json::from_slice(answer) {
        Ok(answer) => answer,
        Err(error) => return Snapshot::Broken(error.to_string()),
    };
    let items = answer.data.and_then(|data| data.items).filter(|items| items.get() != "null");
    let Some(items) = items else {
        return match answer.errors {
            Some(errors) => Snapshot::Refused(errors.get().to_owned()),
            // One key, of which there is nothing.
            None => Snapshot::Items(Vec::new()),
        };
    };
    let list: Result<Vec<Option<&RawValue>>, _> =
        if items.get().starts_with('[') { serde_json::from_str(items.get()) } else { Ok(vec![Some(items)]) };
    let read = |item: &RawValue| -> Result<Item, serde_json::Error> {
        let meta: Meta = serde_json::from_str(item.get())?;
        let response = format!("{{\"data\":{{\"{}\":{}}}}}", shape.root, item.get());
        Ok(Item { key: key_text(&meta.key), revision: meta.revision, response: Bytes::from(response) })
    };
    match list.and_then(|list| list.into_iter().flatten().map(read).collect()) {
        Ok(items) => Snapshot::Items(items),
        Err(error) => Snapshot::Broken(error.to_string()),
    }
}

/// A subgraph's refusal of a snapshot as an event of the subscription: errors without data. Their paths are those of
/// another operation.
pub(super) fn refusal(errors: &str) -> Bytes {
    let errors: Vec<Map<String, Value>> = serde_json::from_str(errors).unwrap_or_default();
    let without_path = errors.into_iter().map(|mut error| {
        error.remove("path");
        error.remove("locations");
        Value::Object(error)
    });
    let answer = serde_json::json!({ "data": null, "errors": without_path.collect::<Vec<_>>() });
    Bytes::from(answer.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(leaves: Option<Vec<(String, Leaf)>>) -> Shape {
        Shape { root: "b".to_owned(), leaves, snapshot: "query".to_owned(), variables: vec!["c".to_owned()] }
    }

    #[test]
    fn takes_a_snapshot_apart() {
        let answer = br#"{"data":{"selvedgeItems":[{"selvedgeKey":"A","selvedgeRevision":3,"sku":"A"},null]}}"#;
        let Snapshot::Items(items) = read_snapshot(&shape(None), answer) else { panic!("it has items") };
        assert_eq!(items.len(), 1);
        assert_eq!((items[0].key.as_str(), items[0].revision), ("\"A\"", Some(3)));
        let response: Value = serde_json::from_slice(&items[0].response).unwrap();
        assert_eq!(response["data"]["b"]["sku"], "A");
        let refused = read_snapshot(&shape(None), br#"{"data":null,"errors":[{"message":"no"}]}"#);
        assert_eq!(refused, Snapshot::Refused(r#"[{"message":"no"}]"#.to_owned()));
        assert_eq!(read_snapshot(&shape(None), br#"{"data":{"selvedgeItems":null}}"#), Snapshot::Items(vec![]));
        assert!(matches!(read_snapshot(&shape(None), b"no"), Snapshot::Broken(_)));
    }

    #[test]
    fn an_answer_that_is_one_item_is_a_list_of_one() {
        let answer = br#"{"data":{"selvedgeItems":{"selvedgeKey":7}}}"#;
        let Snapshot::Items(items) = read_snapshot(&shape(None), answer) else { panic!("it has items") };
        assert_eq!((items[0].key.as_str(), items[0].revision), ("7", None));
    }

    #[test]
    fn asks_with_the_keys_and_the_variables_that_it_uses() {
        let variables = json!({"c": 1, "other": 2});
        let body = snapshot_body(&shape(None), true, &[json!("A")], variables.as_object().unwrap());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["variables"], json!({"c": 1, "selvedgeKeys": ["A"]}));
    }
}
