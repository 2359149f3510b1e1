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

/// Errors that no item of an answer has with it, as events of the subscription.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// What those are told who listen to keys that are not in [`Self::of_keys`].
    pub(super) of_all: Option<Bytes>,
    /// What those are told who listen to a key.
    pub(super) of_keys: AHashMap<Key, Bytes>,
    /// Keys that are missing in the answer because of an error, as far as can be known.
    pub(super) lost: AHashSet<Key>,
}

impl Trouble {
    /// Finds out whose the errors are.
    ///
    /// A list may have a place for each key in the order of the keys, with nothing in it where an item was lost; then
    /// the place tells the key. Of any other list it cannot be known which of the missing keys an error is about: all
    /// of them are told.
    pub(super) fn find(chunk: &Chunk, items: &[Item], beside: Beside) -> Self {
        let mut trouble = Self::default();
        let Beside { places, of_none, of_lost } = beside;
        if of_none.is_empty() && of_lost.is_empty() {
            return trouble;
        }
        let answered: AHashSet<&str> = items.iter().map(|item| &*item.key).collect();
        let missing = chunk.keys.iter().map(|(key, _)| key).filter(|key| !answered.contains(&***key));
        let is_in_order = places == chunk.keys.len()
            && items.iter().all(|item| chunk.keys.get(item.place).is_some_and(|(key, _)| **key == *item.key));
        let mut of_keys: Vec<(Vec<Key>, Vec<Error>)> = Vec::new();
        if is_in_order {
            let mut by_key: AHashMap<usize, Vec<Error>> = AHashMap::new();
            of_lost.into_iter().for_each(|(place, error)| by_key.entry(place).or_default().push(error));
            let named = by_key.into_iter().filter_map(|(place, errors)| Some((vec![key_at(chunk, place)?], errors)));
            of_keys.extend(named);
        } else if !of_lost.is_empty() {
            of_keys.push((missing.clone().cloned().collect(), of_lost.into_iter().map(|(_, error)| error).collect()));
        }
        // An error of no item may be why any of them is missing.
        if !of_none.is_empty() {
            trouble.lost.extend(missing.cloned());
        }
        for (keys, errors) in of_keys {
            let told = errors_alone(of_none.iter().cloned().chain(errors).collect());
            trouble.lost.extend(keys.iter().cloned());
            trouble.of_keys.extend(keys.into_iter().map(|key| (key, told.clone())));
        }
        trouble.of_all = (!of_none.is_empty()).then(|| errors_alone(of_none));
        trouble
    }

    /// What those are told who listen to a key.
    pub(super) fn of(&self, key: &Key) -> Option<&Bytes> {
        self.of_keys.get(key).or(self.of_all.as_ref())
    }

    /// All that is to be told, to be made what clients get.
    pub(super) fn told_mut(&mut self) -> impl Iterator<Item = &mut Bytes> {
        self.of_all.iter_mut().chain(self.of_keys.values_mut())
    }
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
        let trouble = Trouble::find(&chunk(), items, beside);
        let message = |key: &str| {
            let told: Json = serde_json::from_slice(trouble.of(&Key::from(key))?).unwrap();
            let errors = told["errors"].as_array().unwrap().iter().map(|error| error["message"].as_str().unwrap());
            Some(errors.collect::<Vec<_>>().join("+"))
        };
        let lost = ["A", "B", "C"].into_iter().filter(|key| trouble.lost.contains(*key)).collect();
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
