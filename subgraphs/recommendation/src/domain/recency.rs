//! A map that forgets what was not used for longest.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// A map of at most `capacity` entries; a new one pushes out the one not used for longest. Use is counted, not timed,
/// so that the same calls always give the same content.
#[derive(Debug, Clone)]
pub struct RecencyMap<K, V> {
    capacity: usize,
    ticks: u64,
    entries: HashMap<K, (u64, V)>,
    by_tick: BTreeMap<u64, K>,
}

impl<K: Clone + Eq + Hash, V> RecencyMap<K, V> {
    /// An empty map for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), ticks: 0, entries: HashMap::new(), by_tick: BTreeMap::new() }
    }

    /// The value of `key`, without counting as use.
    pub fn peek<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// The value of `key`, made by `make` when there is none; counts as use.
    pub fn get_or_insert_with(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        self.ticks += 1;
        if let Some((tick, _)) = self.entries.get(key) {
            self.by_tick.remove(tick);
        } else if self.entries.len() >= self.capacity
            && let Some((_, oldest)) = self.by_tick.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.by_tick.insert(self.ticks, key.clone());
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (0, make()));
        entry.0 = self.ticks;
        &mut entry.1
    }

    /// Sets the value of `key`; counts as use.
    pub fn insert(&mut self, key: &K, value: V) {
        self.remove(key);
        self.get_or_insert_with(key, || value);
    }

    /// Forgets `key`.
    pub fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let (tick, value) = self.entries.remove(key)?;
        self.by_tick.remove(&tick);
        Some(value)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_longest_unused() {
        let mut map = RecencyMap::with_capacity(2);
        map.insert(&"a", 1);
        map.insert(&"b", 2);
        *map.get_or_insert_with(&"a", || 0) += 10;
        map.insert(&"c", 3);
        assert_eq!((map.peek("a"), map.peek("b"), map.peek("c")), (Some(&11), None, Some(&3)));
        map.insert(&"c", 4);
        assert_eq!((map.remove("c"), map.len()), (Some(4), 1));
    }
}
