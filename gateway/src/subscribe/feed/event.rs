//! From an event's data, and from the answer to a snapshot, to the response of a subscription.

use std::fmt::Write;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::shape::{KEYS, Leaf, Shape};
use crate::{schema::LiveField, subscribe::routes::key_text};

/// The revision of an event, if its data has it as the schema says.
pub(super) fn read_revision(live: &LiveField, data: &Map<String, Value>) -> Option<Option<i64>> {
    match &live.revision {
        Some(name) => Some(Some(data.get(name)?.as_i64()?)),
        None => Some(None),
    }
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
    /// Its place in the list.
    pub(super) place: usize,
    pub(super) key: String,
    pub(super) revision: Option<i64>,
    /// As a subscription's event.
    pub(super) response: Bytes,
}

/// What came of a snapshot.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// Those keys of which there is something, and the errors that no item has with it.
    Items(Vec<Item>, Beside),
    /// The subgraph refused: its `errors` as JSON.
    Refused(String),
    /// It is no answer to what was asked.
    Broken(String),
}

/// Errors of a snapshot that no item has with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// How many places the list has.
    pub(super) places: usize,
    /// Errors that name no place of the list.
    pub(super) of_none: Vec<Map<String, Value>>,
    /// Errors in whose places there is nothing.
    pub(super) of_lost: Vec<(usize, Map<String, Value>)>,
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
            None => Snapshot::Items(Vec::new(), Beside::default()),
        };
    };
    let is_list = items.get().starts_with('[');
    let list: Result<Vec<Option<&RawValue>>, _> =
        if is_list { serde_json::from_str(items.get()) } else { Ok(vec![Some(items)]) };
    let list = match list {
        Ok(list) => list,
        Err(error) => return Snapshot::Broken(error.to_string()),
    };
    let errors = Errors::read(answer.errors, is_list);
    let read = |(place, item): (usize, &Option<&RawValue>)| -> Option<Result<Item, serde_json::Error>> {
        let item = (*item)?;
        Some(serde_json::from_str(item.get()).map(|Meta { key, revision }| {
            let errors = errors.of_item(place, &shape.root);
            let response = format!("{{\"data\":{{\"{}\":{}}}{errors}}}", shape.root, item.get());
            Item { place, key: key_text(&key), revision, response: Bytes::from(response) }
        }))
    };
    match list.iter().enumerate().filter_map(read).collect() {
        Ok(items) => Snapshot::Items(items, errors.beside(&list)),
        Err(error) => Snapshot::Broken(error.to_string()),
    }
}

/// Errors beside data, each with the place of the list that it is about.
struct Errors(Vec<(Option<usize>, Map<String, Value>)>);

impl Errors {
    fn read(raw: Option<&RawValue>, is_list: bool) -> Self {
        let errors: Option<Vec<Map<String, Value>>> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()?);
        let place = |error: &Map<String, Value>| {
            let path = error.get("path")?.as_array()?;
            if is_list { usize::try_from(path.get(1)?.as_u64()?).ok() } else { Some(0) }
        };
        Self(errors.into_iter().flatten().map(|error| (place(&error), error)).collect())
    }

    /// What belongs behind the data of an item: its errors, with paths of the subscription.
    fn of_item(&self, index: usize, root: &str) -> String {
        let moved: Vec<Value> = self
            .0
            .iter()
            .filter(|(place, _)| *place == Some(index))
            .map(|(_, error)| {
                let mut error = error.clone();
                if let Some(Value::Array(path)) = error.get_mut("path") {
                    let below = path.iter().skip(1).skip_while(|step| step.is_u64()).cloned();
                    *path = std::iter::once(Value::from(root)).chain(below).collect();
                }
                Value::Object(error)
            })
            .collect();
        if moved.is_empty() { String::new() } else { format!(",\"errors\":{}", Value::Array(moved)) }
    }

    /// Those that no item of a list has with it.
    fn beside(self, list: &[Option<&RawValue>]) -> Beside {
        let mut beside = Beside { places: list.len(), ..Beside::default() };
        for (place, error) in self.0 {
            match place.map(|place| (place, list.get(place))) {
                Some((_, Some(Some(_)))) => {}
                Some((place, Some(None))) => beside.of_lost.push((place, error)),
                Some((_, None)) | None => beside.of_none.push(error),
            }
        }
        beside
    }
}

/// A subgraph's refusal of a snapshot as an event of the subscription.
pub(super) fn refusal(errors: &str) -> Bytes {
    errors_alone(serde_json::from_str(errors).unwrap_or_default())
}

/// Errors of a snapshot as an event of the subscription: without data, and without paths, which are those of another
/// operation.
pub(super) fn errors_alone(errors: Vec<Map<String, Value>>) -> Bytes {
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
        let Snapshot::Items(items, beside) = read_snapshot(&shape(None), answer) else { panic!("it has items") };
        assert_eq!((items.len(), beside), (1, Beside { places: 2, ..Beside::default() }));
        assert_eq!((items[0].key.as_str(), items[0].revision), ("A", Some(3)));
        let response: Value = serde_json::from_slice(&items[0].response).unwrap();
        assert_eq!(response["data"]["b"]["sku"], "A");
        let refused = read_snapshot(&shape(None), br#"{"data":null,"errors":[{"message":"no"}]}"#);
        assert_eq!(refused, Snapshot::Refused(r#"[{"message":"no"}]"#.to_owned()));
        let nothing = read_snapshot(&shape(None), br#"{"data":{"selvedgeItems":null}}"#);
        assert_eq!(nothing, Snapshot::Items(vec![], Beside::default()));
        assert!(matches!(read_snapshot(&shape(None), b"no"), Snapshot::Broken(_)));
    }

    #[test]
    fn errors_stay_with_their_items() {
        let answer = br#"{"data":{"selvedgeItems":[{"selvedgeKey":"A","note":null},null]},"errors":[
            {"message":"no note","path":["selvedgeItems",0,"note"]},{"message":"no item","path":["selvedgeItems",1]},
            {"message":"slow"},{"message":"in part","path":["selvedgeItems"]},{"message":"far","path":["selvedgeItems",7]}]}"#;
        let Snapshot::Items(items, beside) = read_snapshot(&shape(None), answer) else { panic!("it has items") };
        let message = |error: &Map<String, Value>| error["message"].as_str().unwrap().to_owned();
        assert_eq!(beside.of_none.iter().map(message).collect::<Vec<_>>(), ["slow", "in part", "far"]);
        let lost: Vec<_> = beside.of_lost.iter().map(|(place, error)| (*place, message(error))).collect();
        assert_eq!((items.len(), lost), (1, vec![(1, "no item".to_owned())]));
        let response: Value = serde_json::from_slice(&items[0].response).unwrap();
        assert_eq!(response["errors"], json!([{ "message": "no note", "path": ["b", "note"] }]));
    }

    #[test]
    fn an_answer_that_is_one_item_is_a_list_of_one() {
        let answer = br#"{"data":{"selvedgeItems":{"selvedgeKey":7}}}"#;
        let Snapshot::Items(items, _) = read_snapshot(&shape(None), answer) else { panic!("it has items") };
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
