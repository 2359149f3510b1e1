//! Errors beside the items of a snapshot: whose they are, and what their clients are told.

use ahash::{AHashMap, AHashSet};
use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::{
    event::{Beside, Item, errors_alone},
    state::Chunk,
};
use crate::subscribe::mailbox::Key;

type Error = Map<String, Json>;

/// Errors that no item of an answer has with it, as responses.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// What those are told who listen to other keys than those of [`Self::of_keys`].
    of_all: Option<Bytes>,
    /// Keys that are missing in the answer because of an error, as far as can be known, and what is told of each.
    of_keys: AHashMap<Key, Bytes>,
}

/// Who is told something.
#[derive(Debug)]
pub(super) enum Whose {
    /// All who listen to keys of which nothing else is told.
    Others,
    /// Those who listen to these.
    Of(Vec<Key>),
}

impl Trouble {
    /// Finds out whose the errors are.
    ///
    /// A list may have a place for each key in the order of the keys, with nothing in it where an item was lost; then
    /// the place tells the key. Of any other list it cannot be known which of the missing keys an error is about: all
    /// of them are told. What they are told is given as events of the subscription.
    pub(super) fn find(chunk: &Chunk, items: &[Item], beside: Beside) -> Vec<(Whose, Bytes)> {
        let Beside { places, of_none, of_lost } = beside;
        if of_none.is_empty() && of_lost.is_empty() {
            return Vec::new();
        }
        let answered: AHashSet<&str> = items.iter().map(|item| &*item.key).collect();
        let missing = || chunk.keys.iter().map(|(key, _)| key).filter(|key| !answered.contains(&***key)).cloned();
        let is_in_order = places == chunk.keys.len()
            && items.iter().all(|item| chunk.keys.get(item.place).is_some_and(|(key, _)| **key == *item.key));
        let mut by_key: Vec<(Vec<Key>, Vec<Error>)> = Vec::new();
        if is_in_order {
            let mut by_place: AHashMap<usize, Vec<Error>> = AHashMap::new();
            of_lost.into_iter().for_each(|(place, error)| by_place.entry(place).or_default().push(error));
            by_key
                .extend(by_place.into_iter().filter_map(|(place, errors)| Some((vec![key_at(chunk, place)?], errors))));
        } else if !of_lost.is_empty() {
            by_key.push((missing().collect(), of_lost.into_iter().map(|(_, error)| error).collect()));
        }
        // An error of no item may be why any of them is missing.
        if !of_none.is_empty() {
            let known: AHashSet<Key> = by_key.iter().flat_map(|(keys, _)| keys.iter().cloned()).collect();
            by_key.push((missing().filter(|key| !known.contains(key)).collect(), Vec::new()));
        }
        let with_all = |errors: Vec<Error>| errors_alone(of_none.iter().cloned().chain(errors).collect());
        let by_key = by_key.into_iter().filter(|(keys, _)| !keys.is_empty());
        let mut all: Vec<_> = by_key.map(|(keys, errors)| (Whose::Of(keys), with_all(errors))).collect();
        if !of_none.is_empty() {
            all.push((Whose::Others, with_all(Vec::new())));
        }
        all
    }

    /// Adds what has become of such an event.
    pub(super) fn add(&mut self, whose: Whose, response: &Bytes) {
        match whose {
            Whose::Others => self.of_all = Some(naming(response, None)),
            Whose::Of(keys) => {
                let told = keys.into_iter().map(|key| (Key::clone(&key), naming(response, Some(&key))));
                self.of_keys.extend(told);
            }
        }
    }

    /// What those are told who listen to a key.
    pub(super) fn of(&self, key: &Key) -> Option<&Bytes> {
        self.of_keys.get(key).or(self.of_all.as_ref())
    }

    /// Whether the answer lacks a key because of an error.
    pub(super) fn has_lost(&self, key: &Key) -> bool {
        self.of_keys.contains_key(key)
    }
}

/// A response of errors alone that says that its subscription goes on, and which key it is about.
fn naming(response: &Bytes, key: Option<&str>) -> Bytes {
    let Ok(mut whole) = serde_json::from_slice::<Map<String, Json>>(response) else { return response.clone() };
    let live = key.map_or_else(|| serde_json::json!({}), |key| serde_json::json!({ "key": key }));
    let extensions = whole.entry("extensions").or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(extensions) = extensions {
        extensions.insert("live".to_owned(), live);
    }
    Bytes::from(Json::Object(whole).to_string())
}

fn key_at(chunk: &Chunk, place: usize) -> Option<Key> {
    chunk.keys.get(place).map(|(key, _)| Key::clone(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chunk() -> Chunk {
        let keys = ["A", "B", "C"].map(|key| (Key::from(key), json!(key))).to_vec();
        Chunk { number: 1, generation: 0, keys }
    }

    fn item(place: usize, key: &str) -> Item {
        Item { place, key: key.to_owned(), revision: None, response: Bytes::new() }
    }

    fn error(message: &str) -> Error {
        Error::from_iter([("message".to_owned(), json!(message))])
    }

    /// What the listeners of each key are told, and which keys are lost.
    fn told(items: &[Item], beside: Beside) -> ([String; 3], String) {
        let mut trouble = Trouble::default();
        Trouble::find(&chunk(), items, beside).into_iter().for_each(|(whose, event)| trouble.add(whose, &event));
        let message = |name: &str| {
            let key = Key::from(name);
            let told: Json = serde_json::from_slice(trouble.of(&key)?).unwrap();
            let named = if trouble.has_lost(&key) { json!({ "key": name }) } else { json!({}) };
            assert_eq!(told["extensions"]["live"], named);
            let errors = told["errors"].as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap());
            Some(errors.collect::<Vec<_>>().join("+"))
        };
        let lost = ["A", "B", "C"].into_iter().filter(|key| trouble.has_lost(&Key::from(*key))).collect();
        (["A", "B", "C"].map(|key| message(key).unwrap_or_default()), lost)
    }

    fn texts(all: [&str; 3]) -> [String; 3] {
        all.map(str::to_owned)
    }

    #[test]
    fn a_place_tells_the_key_where_each_key_has_one() {
        let beside = || Beside { places: 3, of_lost: vec![(1, error("b"))], of_none: vec![] };
        assert_eq!(told(&[item(0, "A")], beside()), (texts(["", "b", ""]), "B".to_owned()), "of C there is nothing");
        // Of another order.
        assert_eq!(told(&[item(0, "C")], beside()), (texts(["b", "b", ""]), "AB".to_owned()));
        let beside = Beside { places: 2, of_lost: vec![(1, error("x"))], of_none: vec![] };
        assert_eq!(told(&[item(0, "A")], beside), (texts(["", "x", "x"]), "BC".to_owned()));
    }

    #[test]
    fn an_error_of_no_item_is_told_to_all() {
        let beside = Beside { places: 3, of_lost: vec![(1, error("b"))], of_none: vec![error("all")] };
        let found = told(&[item(0, "A")], beside);
        assert_eq!(found, (texts(["all", "all+b", "all"]), "BC".to_owned()), "C may be missing because of it");
    }

    #[test]
    fn without_errors_nothing_is_lost() {
        let beside = Beside { places: 1, ..Beside::default() };
        assert_eq!(told(&[item(0, "A")], beside), (texts(["", "", ""]), String::new()));
    }
}
