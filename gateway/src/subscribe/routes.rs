//! Which feeds an event goes to: those that listen to its key.

use std::sync::Arc;

use ahash::AHashMap;
use serde_json::{Map, Value};

use super::mailbox::Key;

/// The events that feed a field: their type, and where in their data the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) event: &'a str,
    pub(super) field: &'a str,
}

/// By their addresses.
type Feeds<F> = AHashMap<usize, Arc<F>>;

/// The feeds, and which keys they listen to.
pub(super) struct Routes<F> {
    all: Feeds<F>,
    /// Type of event → field of its data → key.
    by_type: AHashMap<String, AHashMap<String, AHashMap<Key, Feeds<F>>>>,
}

impl<F> Default for Routes<F> {
    fn default() -> Self {
        Self { all: AHashMap::default(), by_type: AHashMap::default() }
    }
}

/// What a key is known by: its text, so that an id that is written as a number is the same as one in quotes.
pub(super) fn key_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn address<F>(feed: &F) -> usize {
    std::ptr::from_ref(feed).addr()
}

impl<F> Routes<F> {
    pub(super) fn add(&mut self, feed: &Arc<F>) {
        self.all.insert(address(&**feed), Arc::clone(feed));
    }

    pub(super) fn remove(&mut self, feed: &Arc<F>) {
        self.all.remove(&address(&**feed));
    }

    pub(super) fn all(&self) -> Vec<Arc<F>> {
        self.all.values().map(Arc::clone).collect()
    }

    /// Events of these keys go to `feed`.
    pub(super) fn listen(&mut self, feed: &Arc<F>, route: &Route<'_>, keys: &[Key]) {
        if keys.is_empty() {
            return;
        }
        let by_field = self.by_type.entry(route.event.to_owned()).or_default();
        let by_key = by_field.entry(route.field.to_owned()).or_default();
        for key in keys {
            by_key.entry(Arc::clone(key)).or_default().insert(address(&**feed), Arc::clone(feed));
        }
    }

    /// Events of these keys do not go to `feed` any more.
    pub(super) fn ignore(&mut self, feed: &F, route: &Route<'_>, keys: &[Key]) {
        let Some(by_field) = self.by_type.get_mut(route.event) else { return };
        let Some(by_key) = by_field.get_mut(route.field) else { return };
        for key in keys {
            if let Some(feeds) = by_key.get_mut(key) {
                feeds.remove(&address(feed));
                if feeds.is_empty() {
                    by_key.remove(key);
                }
            }
        }
        if by_key.is_empty() {
            by_field.remove(route.field);
        }
        if by_field.is_empty() {
            self.by_type.remove(route.event);
        }
    }

    /// The keys of an event, mostly one, and who listens to each.
    pub(super) fn find(&self, event_type: &str, data: &Map<String, Value>) -> Vec<(String, Vec<Arc<F>>)> {
        let Some(by_field) = self.by_type.get(event_type) else { return Vec::new() };
        let listening = by_field.iter().filter_map(|(field, by_key)| {
            let Some(key) = data.get(field).filter(|key| key.is_string() || key.is_number()).map(key_text) else {
                tracing::warn!(event = event_type, field, "an event lacks its key");
                return None;
            };
            let feeds = by_key.get(&*key)?.values().map(Arc::clone).collect();
            Some((key, feeds))
        });
        listening.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BY_SKU: Route<'_> = Route { event: "changed", field: "sku" };
    const BY_PLACE: Route<'_> = Route { event: "changed", field: "place" };

    fn found(routes: &Routes<u8>, event_type: &str, data: &Value) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = routes
            .find(event_type, data.as_object().unwrap())
            .into_iter()
            .map(|(key, feeds)| {
                let mut feeds: Vec<u8> = feeds.iter().map(|feed| **feed).collect();
                feeds.sort_unstable();
                (key, feeds)
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn an_event_goes_to_those_who_listen_to_its_key() {
        let mut routes = Routes::default();
        let (one, two): (Arc<u8>, Arc<u8>) = (Arc::new(1), Arc::new(2));
        let (a, b): (Key, Key) = ("A".into(), "7".into());
        routes.listen(&one, &BY_SKU, &[Arc::clone(&a), Arc::clone(&b)]);
        routes.listen(&two, &BY_SKU, &[Arc::clone(&a)]);
        routes.listen(&two, &BY_PLACE, &[Arc::clone(&b)]);
        let event = json!({ "sku": "A", "place": 7 });
        assert_eq!(found(&routes, "changed", &event), [("7".to_owned(), vec![2]), ("A".to_owned(), vec![1, 2])]);
        assert_eq!(found(&routes, "moved", &event), []);
        assert_eq!(found(&routes, "changed", &json!({ "sku": "7" })), [("7".to_owned(), vec![1])]);
        assert_eq!(found(&routes, "changed", &json!({ "sku": null, "place": true })), []);
        routes.ignore(&one, &BY_SKU, &[Arc::clone(&a), Arc::clone(&b)]);
        routes.ignore(&two, &BY_PLACE, &[b]);
        assert_eq!(found(&routes, "changed", &event), [("A".to_owned(), vec![2])]);
        routes.ignore(&two, &BY_SKU, &[a]);
        assert!(routes.by_type.is_empty(), "what nobody listens to is not kept");
    }
}
