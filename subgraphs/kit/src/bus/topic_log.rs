//! One topic in memory: a bounded log, its consumer groups and its dead letters. Pure; time is passed in.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use super::{BusSettings, DeadLetter, Delivery};
use crate::event::Event;

/// Dead letters kept per topic.
const MAX_DEAD_LETTERS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct TopicLog {
    events: VecDeque<Arc<Event>>,
    /// The position of the first of `events`.
    first: u64,
    groups: HashMap<String, Group>,
    dead_letters: VecDeque<DeadLetter>,
}

#[derive(Debug, Default)]
struct Group {
    /// The position that is delivered next.
    cursor: u64,
    /// Delivered and not acknowledged.
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    event: Arc<Event>,
    member: String,
    attempts: u32,
    due: Instant,
}

impl TopicLog {
    /// The position after the newest event.
    pub(super) fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    pub(super) fn append(&mut self, events: &[Event], settings: &BusSettings) {
        self.events.extend(events.iter().cloned().map(Arc::new));
        while self.events.len() > settings.in_process_events {
            self.events.pop_front();
            self.first += 1;
        }
    }

    /// At most `limit` events from `position` on, and how many before them are forgotten.
    pub(super) fn read(&self, position: u64, limit: usize) -> (Vec<Delivery>, u64) {
        let from = position.max(self.first);
        let skip = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let events = self.events.iter().skip(skip).take(limit);
        let deliveries = events.zip(from..).map(|(event, position)| delivery(event, position, 1)).collect();
        (deliveries, from - position)
    }

    /// Makes the group known, and hands back to `member` what it left unacknowledged.
    pub(super) fn join(&mut self, group: &str, member: &str, now: Instant) {
        let first = self.first;
        let group = self.groups.entry(group.to_owned()).or_insert_with(|| Group { cursor: first, ..Group::default() });
        for pending in group.pending.values_mut().filter(|pending| pending.member == member) {
            pending.due = now;
        }
    }

    /// What `member` is to handle next: first what is due again, then new events.
    pub(super) fn take(&mut self, taker: &Taker<'_>, limit: usize, now: Instant) -> Vec<Delivery> {
        self.bury(taker, now);
        let due = now + taker.settings.redeliver_after;
        let Some(group) = self.groups.get_mut(taker.group) else { return Vec::new() };
        let mut taken = Vec::new();
        for (&position, pending) in group.pending.iter_mut().filter(|(_, pending)| pending.due <= now).take(limit) {
            pending.attempts += 1;
            pending.due = due;
            taker.member.clone_into(&mut pending.member);
            taken.push(delivery(&pending.event, position, pending.attempts));
        }
        let cursor = group.cursor;
        let (fresh, forgotten) = self.read(cursor, limit - taken.len());
        if forgotten > 0 {
            tracing::warn!(group = taker.group, forgotten, "the bus forgot events before the group read them");
        }
        let Some(group) = self.groups.get_mut(taker.group) else { return taken };
        group.cursor = cursor + forgotten + fresh.len() as u64;
        for (delivery, position) in fresh.iter().zip(cursor + forgotten..) {
            let (event, member) = (delivery.event.clone(), taker.member.to_owned());
            group.pending.insert(position, Pending { event, member, attempts: 1, due });
        }
        taken.extend(fresh);
        taken
    }

    /// Moves what has used up its attempts to the dead letters.
    fn bury(&mut self, taker: &Taker<'_>, now: Instant) {
        let Some(group) = self.groups.get_mut(taker.group) else { return };
        let is_dead =
            |_: &u64, pending: &mut Pending| pending.due <= now && pending.attempts >= taker.settings.max_attempts;
        for (position, pending) in group.pending.extract_if(.., is_dead) {
            tracing::error!(
                group = taker.group,
                event_id = pending.event.id,
                event_type = pending.event.event_type,
                attempts = pending.attempts,
                "gave up an event, it is among the dead letters"
            );
            self.dead_letters.push_front(DeadLetter {
                group: taker.group.to_owned(),
                position: written(position),
                attempts: pending.attempts,
                entry: serde_json::to_string(&*pending.event).unwrap_or_default(),
            });
        }
        self.dead_letters.truncate(MAX_DEAD_LETTERS);
    }

    /// When the next unacknowledged event of `group` is due again.
    pub(super) fn next_due(&self, group: &str) -> Option<Instant> {
        self.groups.get(group)?.pending.values().map(|pending| pending.due).min()
    }

    pub(super) fn acknowledge(&mut self, group: &str, positions: &[String]) {
        if let Some(group) = self.groups.get_mut(group) {
            for position in positions.iter().filter_map(|position| position.parse().ok()) {
                group.pending.remove::<u64>(&position);
            }
        }
    }

    pub(super) fn dead_letters(&self, limit: usize) -> Vec<DeadLetter> {
        self.dead_letters.iter().take(limit).cloned().collect()
    }
}

/// Who takes, and by which rules.
pub(super) struct Taker<'a> {
    pub(super) group: &'a str,
    pub(super) member: &'a str,
    pub(super) settings: &'a BusSettings,
}

fn delivery(event: &Arc<Event>, position: u64, attempt: u32) -> Delivery {
    Delivery { event: event.clone(), position: written(position), attempt }
}

/// Padded, so that positions compare as text the way they do as numbers.
fn written(position: u64) -> String {
    format!("{position:020}")
}
