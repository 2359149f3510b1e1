//! Reads parts as a client does, and complains about what a client could not read.

use std::collections::BTreeMap;

use selvedge_gateway::operation::DeferForm;
use serde_json::{Value, json};

/// What a client knows in the end.
#[derive(Debug, Default, PartialEq)]
pub struct Merged {
    pub data: Value,
    pub errors: Vec<Value>,
    /// How many fragments had no value.
    pub failed: usize,
}

/// Puts the parts of an answer together.
pub fn merge(parts: &[Value], form: DeferForm) -> Merged {
    let (first, rest) = parts.split_first().expect("there is a first part");
    let mut merged = Merged { data: first["data"].clone(), errors: errors(first), failed: 0 };
    let mut open = BTreeMap::new();
    announce(first, &mut open);
    if rest.is_empty() {
        assert!(open.is_empty() && first.get("hasNext").is_none(), "{first}");
        return merged;
    }
    assert_eq!(first["hasNext"], true, "{first}");
    for (index, part) in rest.iter().enumerate() {
        assert_eq!(part["hasNext"], json!(index + 1 < rest.len()), "{part}");
        match form {
            DeferForm::Pending => pending(part, &mut merged, &mut open),
            DeferForm::Fragments => fragments(part, &mut merged),
        }
    }
    assert!(open.is_empty(), "{open:?} never came");
    merged
}

fn errors(of: &Value) -> Vec<Value> {
    of.get("errors").map(|errors| errors.as_array().unwrap().clone()).unwrap_or_default()
}

fn announce(part: &Value, open: &mut BTreeMap<String, Vec<Value>>) {
    for pending in part.get("pending").into_iter().flat_map(|pending| pending.as_array().unwrap()) {
        let id = pending["id"].as_str().unwrap().to_owned();
        let path = pending["path"].as_array().unwrap().clone();
        assert!(open.insert(id, path).is_none(), "{pending} is announced twice");
    }
}

fn pending(part: &Value, merged: &mut Merged, open: &mut BTreeMap<String, Vec<Value>>) {
    announce(part, open);
    for increment in part.get("incremental").into_iter().flat_map(|it| it.as_array().unwrap()) {
        let mut path = open[increment["id"].as_str().unwrap()].clone();
        path.extend(increment.get("subPath").into_iter().flat_map(|it| it.as_array().unwrap().clone()));
        merged.errors.extend(errors(increment));
        assert!(!add(at(&mut merged.data, &path), &increment["data"], false), "{increment}");
    }
    for completed in part.get("completed").into_iter().flat_map(|it| it.as_array().unwrap()) {
        assert!(open.remove(completed["id"].as_str().unwrap()).is_some(), "{completed} is not awaited");
        if completed.get("errors").is_some() {
            assert!(!errors(completed).is_empty(), "{completed}");
            merged.errors.extend(errors(completed));
            merged.failed += 1;
        }
    }
}

fn fragments(part: &Value, merged: &mut Merged) {
    for increment in part.get("incremental").into_iter().flat_map(|it| it.as_array().unwrap()) {
        merged.errors.extend(errors(increment));
        if increment["data"].is_null() {
            assert!(!errors(increment).is_empty(), "{increment}");
            merged.failed += 1;
            continue;
        }
        let is_conflict = add(at(&mut merged.data, increment["path"].as_array().unwrap()), &increment["data"], true);
        merged.failed += usize::from(is_conflict);
    }
}

fn at<'v>(data: &'v mut Value, path: &[Value]) -> &'v mut Value {
    path.iter().fold(data, |value, segment| match segment {
        Value::String(key) => value.get_mut(key).unwrap_or_else(|| panic!("nothing at {path:?}")),
        Value::Number(index) => &mut value[usize::try_from(index.as_u64().unwrap()).unwrap()],
        other => panic!("{other} in a path"),
    })
}

/// What comes later may not contradict what was there; `repeats` says whether it may say it again. Fragments that are told
/// whole have their own nulls: whether one of them has a null where another has none is returned.
fn add(to: &mut Value, new: &Value, repeats: bool) -> bool {
    match (to, new) {
        (Value::Object(to), Value::Object(new)) => {
            let mut is_conflict = false;
            for (key, value) in new {
                match to.get_mut(key) {
                    None => {
                        to.insert(key.clone(), value.clone());
                    }
                    Some(known) => {
                        assert!(repeats, "`{key}` comes twice: {known} and {value}");
                        is_conflict |= add(known, value, repeats);
                    }
                }
            }
            is_conflict
        }
        (Value::Array(to), Value::Array(new)) => {
            assert_eq!(to.len(), new.len());
            to.iter_mut().zip(new).fold(false, |is_conflict, (to, new)| add(to, new, repeats) | is_conflict)
        }
        (to, new) if *to == *new => false,
        (to, new) => {
            assert!(repeats && (to.is_null() || new.is_null()), "a value changes: {to} and {new}");
            *to = new.clone();
            true
        }
    }
}
