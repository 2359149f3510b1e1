//! Which events were taken in already.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
};

/// Remembers the ids of the last events, as 64-bit fingerprints: delivery is at least once, counting must be once.
#[derive(Default)]
pub(super) struct SeenEvents {
    capacity: usize,
    fingerprints: HashSet<u64>,
    order: VecDeque<u64>,
    has_forgotten: bool,
    hasher: RandomState,
}

impl SeenEvents {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Whether `id` comes for the first time.
    pub(super) fn is_first(&mut self, id: &str) -> bool {
        let fingerprint = self.hasher.hash_one(id);
        if !self.fingerprints.insert(fingerprint) {
            return false;
        }
        self.order.push_back(fingerprint);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.fingerprints.remove(&oldest);
            self.has_forgotten = true;
        }
        true
    }

    /// Whether an event that looks new may be one that was forgotten.
    pub(super) const fn has_forgotten(&self) -> bool {
        self.has_forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_first_once_while_it_is_remembered() {
        let mut seen = SeenEvents::with_capacity(2);
        assert!(seen.is_first("a") && !seen.is_first("a"));
        assert!(seen.is_first("b") && !seen.has_forgotten());
        assert!(seen.is_first("c") && seen.has_forgotten());
        assert!(seen.is_first("a"), "forgotten by now");
    }
}
