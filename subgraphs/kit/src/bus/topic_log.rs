//! One topic in memory: a bounded log and its consumer groups. Pure; time is passed in.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    Burial, BusSettings, Delivery, Origin,
    dead_letter::{note_retry, silence},
};
use crate::event::Event;

/// Entries that a group may hold without an acknowledgement before it is given nothing new.
pub(super) const MAX_OUTSTANDING: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct TopicLog {
    entries: VecDeque<Entry>,
    /// The position of the first of `entries`.
    first: u64,
    groups: HashMap<String, Group>,
}

#[derive(Debug, Clone)]
struct Entry {
    event: Arc<Event>,
    origin: Origin,
}

#[derive(Debug, Default)]
struct Group {
    /// The position that is delivered next.
    cursor: u64,
    /// Read and not acknowledged.
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    entry: Entry,
    member: String,
    attempts: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    /// With a member; again when it was silent until then.
    Given { until: Instant },
    /// Failed; again at that time, and its subject waits.
    Failed { until: Instant },
    /// Behind a failed one of its subject.
    Held,
}

impl TopicLog {
    /// The position after the newest event.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn append(&mut self, events: impl IntoIterator<Item = Arc<Event>>, origin: &Origin, most: usize) {
        self.entries.extend(events.into_iter().map(|event| Entry { event, origin: origin.clone() }));
        while self.entries.len() > most {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// At most `limit` events from `position` on, and how many before them are forgotten.
    pub(super) fn read(&self, position: u64, limit: usize) -> (Vec<Delivery>, u64) {
        let from = position.max(self.first);
        let skip = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let entries = self.entries.iter().skip(skip).take(limit);
        let deliveries = entries.zip(from..).map(|(entry, position)| delivery(entry, position, 1)).collect();
        (deliveries, from - position)
    }

    /// Makes the group known, and hands back to `member` what it left unacknowledged.
    pub(super) fn join(&mut self, group: &str, member: &str, now: Instant) {
        let first = self.first;
        let group = self.groups.entry(group.to_owned()).or_insert_with(|| Group { cursor: first, ..Group::default() });
        for pending in group.pending.values_mut().filter(|pending| pending.member == member) {
            if let State::Given { until } | State::Failed { until } = &mut pending.state {
                *until = now;
            }
        }
    }

    /// What `member` is to handle next, in the order of the topic, and what was given up on the way.
    pub(super) fn take(&mut self, taker: &Taker<'_>, limit: usize, now: Instant) -> (Vec<Delivery>, Vec<Burial>) {
        let Some(group) = self.groups.get_mut(taker.group) else { return Default::default() };
        let buried = group.bury_silent(taker, now);
        let (mut taken, mut blocked) = group.take_again(taker, limit, now);
        while taken.len() < limit {
            let Some(group) = self.groups.get(taker.group) else { break };
            let room = MAX_OUTSTANDING.saturating_sub(group.pending.len());
            let cursor = group.cursor;
            let (fresh, forgotten) = self.read(cursor, (limit - taken.len()).min(room));
            if forgotten > 0 {
                tracing::warn!(group = taker.group, forgotten, "the bus forgot events before the group read them");
            }
            let Some(group) = self.groups.get_mut(taker.group) else { break };
            group.cursor = cursor + forgotten + fresh.len() as u64;
            if fresh.is_empty() {
                break;
            }
            for (delivery, position) in fresh.into_iter().zip(cursor + forgotten..) {
                taken.extend(group.admit(taker, delivery, position, (&mut blocked, now)));
            }
        }
        (taken, buried)
    }

    /// When an unacknowledged event of `group` is due again.
    pub(super) fn next_due(&self, group: &str) -> Option<Instant> {
        self.groups.get(group)?.pending.values().filter_map(Pending::due).min()
    }

    pub(super) fn acknowledge(&mut self, group: &str, positions: &[String]) {
        if let Some(group) = self.groups.get_mut(group) {
            for position in positions.iter().filter_map(|position| position.parse().ok()) {
                group.pending.remove::<u64>(&position);
            }
        }
    }

    /// Lets `position` come again after a pause, or gives it up when it has used up its attempts.
    pub(super) fn fail(&mut self, taker: &Taker<'_>, position: &str, reason: &str, now: Instant) -> Option<Burial> {
        let position: u64 = position.parse().ok()?;
        let group = self.groups.get_mut(taker.group)?;
        let failed = group.pending.get_mut(&position)?;
        if failed.attempts >= taker.settings.max_attempts {
            return group.give_up(taker, position, reason);
        }
        note_retry(taker.topic, taker.group);
        failed.state = State::Failed { until: now + taker.settings.pause_after(failed.attempts) };
        let subject = failed.entry.event.subject.clone();
        for (_, later) in group.pending.range_mut(position + 1..) {
            if later.entry.event.subject == subject && matches!(later.state, State::Given { .. }) {
                later.state = State::Held;
                later.attempts = later.attempts.saturating_sub(1);
            }
        }
        None
    }

    /// Gives `position` up at once.
    pub(super) fn reject(&mut self, taker: &Taker<'_>, position: &str, reason: &str) -> Option<Burial> {
        self.groups.get_mut(taker.group)?.give_up(taker, position.parse().ok()?, reason)
    }
}

impl Group {
    /// Gives up what has used up its attempts and was not heard of again.
    fn bury_silent(&mut self, taker: &Taker<'_>, now: Instant) -> Vec<Burial> {
        let is_dead = |pending: &Pending| {
            pending.attempts >= taker.settings.max_attempts
                && matches!(pending.state, State::Given { until } if until <= now)
        };
        let dead: Vec<(u64, u32)> = self
            .pending
            .iter()
            .filter(|(_, pending)| is_dead(pending))
            .map(|(position, pending)| (*position, pending.attempts))
            .collect();
        dead.into_iter().filter_map(|(position, attempts)| self.give_up(taker, position, &silence(attempts))).collect()
    }

    fn give_up(&mut self, taker: &Taker<'_>, position: u64, reason: &str) -> Option<Burial> {
        let pending = self.pending.remove(&position)?;
        Some(Burial {
            group: taker.group.to_owned(),
            position: written(position),
            attempts: pending.attempts,
            reason: reason.to_owned(),
            entry: serde_json::to_string(&*pending.entry.event).unwrap_or_default(),
        })
    }

    /// What is due again or need not wait any longer, and the subjects that still wait.
    fn take_again(&mut self, taker: &Taker<'_>, limit: usize, now: Instant) -> (Vec<Delivery>, HashSet<String>) {
        let (mut taken, mut blocked) = (Vec::new(), HashSet::new());
        let until = now + taker.settings.redeliver_after;
        for (&position, pending) in &mut self.pending {
            let subject = &pending.entry.event.subject;
            let is_due = !blocked.contains(subject) && pending.due().is_none_or(|due| due <= now);
            if !is_due || taken.len() >= limit {
                if !matches!(pending.state, State::Given { .. }) {
                    blocked.insert(subject.clone());
                }
                continue;
            }
            pending.attempts += 1;
            pending.state = State::Given { until };
            taker.member.clone_into(&mut pending.member);
            taken.push(delivery(&pending.entry, position, pending.attempts));
        }
        (taken, blocked)
    }

    /// A new entry: handed out, or held behind what waits of its subject, or passed over.
    fn admit(
        &mut self,
        taker: &Taker<'_>,
        delivery: Delivery,
        position: u64,
        (blocked, now): (&mut HashSet<String>, Instant),
    ) -> Option<Delivery> {
        if matches!(&delivery.origin, Origin::Redriven { group } if group != taker.group) {
            return None;
        }
        let entry = Entry { event: delivery.event.clone(), origin: delivery.origin.clone() };
        let is_held = blocked.contains(&entry.event.subject);
        let (attempts, state) =
            if is_held { (0, State::Held) } else { (1, State::Given { until: now + taker.settings.redeliver_after }) };
        self.pending.insert(position, Pending { entry, member: taker.member.to_owned(), attempts, state });
        (!is_held).then_some(delivery)
    }
}

impl Pending {
    fn due(&self) -> Option<Instant> {
        match self.state {
            State::Given { until } | State::Failed { until } => Some(until),
            State::Held => None,
        }
    }
}

/// Who takes, and by which rules.
pub(super) struct Taker<'a> {
    pub(super) topic: &'static str,
    pub(super) group: &'a str,
    pub(super) member: &'a str,
    pub(super) settings: &'a BusSettings,
}

fn delivery(entry: &Entry, position: u64, attempt: u32) -> Delivery {
    Delivery { event: entry.event.clone(), position: written(position), attempt, origin: entry.origin.clone() }
}

/// Padded, so that positions compare as text the way they do as numbers.
fn written(position: u64) -> String {
    format!("{position:020}")
}
