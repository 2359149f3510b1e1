//! What a member of a group was given and has not acknowledged. Pure; time is passed in.

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio::time::Instant;

use super::super::Delivery;

/// Entries that a member may hold before it asks for nothing new.
const MAX_OUTSTANDING: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Outstanding {
    entries: BTreeMap<Place, Entry>,
    /// How many of a subject's entries have failed and wait; it has no place here with none.
    failing: HashMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    delivery: Delivery,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// To be given to the caller, behind what failed of its subject.
    Waiting,
    /// With the caller.
    Given,
    /// Failed; again at that time, and its subject waits.
    Failed { until: Instant },
}

/// A position as Redis orders it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u64, u64);

impl Place {
    fn of(position: &str) -> Self {
        let (ms, number) = position.split_once('-').unwrap_or((position, "0"));
        Self(ms.parse().unwrap_or(u64::MAX), number.parse().unwrap_or(u64::MAX))
    }
}

impl Outstanding {
    /// Takes in what came; what failed before is to be tried again.
    pub(super) fn add(&mut self, delivery: Delivery) {
        let place = Place::of(&delivery.position);
        let before = self.entries.insert(place, Entry { delivery, state: State::Waiting });
        if let Some(before) = before {
            self.release(&before);
        }
    }

    /// At most `limit` that the caller may handle now, in order.
    pub(super) fn hand_out(&mut self, limit: usize) -> Vec<Delivery> {
        let failing = &self.failing;
        let waiting = self.entries.values_mut().filter(|entry| entry.state == State::Waiting);
        let free = waiting.filter(|entry| failing.is_empty() || !failing.contains_key(&entry.delivery.event.subject));
        free.take(limit)
            .map(|entry| {
                entry.state = State::Given;
                entry.delivery.clone()
            })
            .collect()
    }

    pub(super) fn forget(&mut self, positions: &[String]) {
        for position in positions {
            if let Some(entry) = self.entries.remove(&Place::of(position)) {
                self.release(&entry);
            }
        }
    }

    /// Lets the entry wait until `again` (of its attempts), and takes back what was given of its subject after it.
    pub(super) fn fail(&mut self, position: &str, again: impl Fn(u32) -> Instant) -> Option<Delivery> {
        let place = Place::of(position);
        let entry = self.entries.get_mut(&place)?;
        let delivery = entry.delivery.clone();
        if !matches!(entry.state, State::Failed { .. }) {
            *self.failing.entry(delivery.event.subject.clone()).or_default() += 1;
        }
        entry.state = State::Failed { until: again(delivery.attempt) };
        for later in self.entries.range_mut(place..).skip(1).map(|(_, later)| later) {
            if later.state == State::Given && later.delivery.event.subject == delivery.event.subject {
                later.state = State::Waiting;
            }
        }
        Some(delivery)
    }

    pub(super) fn delivery(&self, position: &str) -> Option<Delivery> {
        self.entries.get(&Place::of(position)).map(|entry| entry.delivery.clone())
    }

    /// Those to be tried again now.
    pub(super) fn due(&self, now: Instant) -> Vec<String> {
        let failed = self.failed().filter(|(until, _)| *until <= now);
        failed.map(|(_, delivery)| delivery.position.clone()).collect()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.failed().map(|(until, _)| until).min()
    }

    /// Those that are not with the caller.
    pub(super) fn held(&self) -> HashSet<String> {
        let held = self.entries.values().filter(|entry| entry.state != State::Given);
        held.map(|entry| entry.delivery.position.clone()).collect()
    }

    pub(super) fn has_room(&self) -> bool {
        self.entries.len() < MAX_OUTSTANDING
    }

    fn failed(&self) -> impl Iterator<Item = (Instant, &Delivery)> {
        let entries = if self.failing.is_empty() { None } else { Some(self.entries.values()) };
        entries.into_iter().flatten().filter_map(|entry| match entry.state {
            State::Failed { until } => Some((until, &entry.delivery)),
            State::Waiting | State::Given => None,
        })
    }

    fn release(&mut self, entry: &Entry) {
        if !matches!(entry.state, State::Failed { .. }) {
            return;
        }
        let subject = &entry.delivery.event.subject;
        if let Some(count) = self.failing.get_mut(subject) {
            *count -= 1;
            if *count == 0 {
                self.failing.remove(subject);
            }
        }
    }
}
