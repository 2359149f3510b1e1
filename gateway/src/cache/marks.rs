//! Which answers are no longer true. Pure; time is passed in.
//!
//! Every eviction has a number, and so has the moment at which a fetch begins. An answer is true as long as nothing that
//! it has read was evicted after its fetch began. Nothing is looked up in the store for an eviction, and an answer that
//! arrives after the eviction that it was too early for is judged by the same rule as one that was kept before.
//!
//! Where an answer shows the revision of an entity and an event names one, they decide instead: the answer is true if it
//! is at least as new as the event, however late or early it was asked for.

use std::time::Duration;

use ahash::{AHashMap, AHashSet};
use tokio::time::Instant;

use super::tag::Reading;

/// A revision stays known for this long, for answers from a replica that lags behind.
pub(super) const REVISIONS_KEPT: Duration = Duration::from_secs(30);

/// In how many ways the entities of a type may be named; more is a mistake of whoever names them.
const MAX_KEY_FORMS: usize = 32;

/// A moment, counted in evictions.
pub(super) type Moment = u64;

/// What is known of one entity.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// The last eviction that named no revision.
    plain: Moment,
    /// The newest revision that an eviction has named, and when the last one did.
    revision: Option<(i64, Moment)>,
    at: Instant,
}

/// What is known of one type.
#[derive(Debug, Clone, Default)]
struct TypeMarks {
    /// The last eviction of any of its entities.
    any: Moment,
    /// The last eviction of all of them.
    all: Moment,
    /// The last eviction that named these key fields, for answers that show none of them.
    by_fields: Vec<(Box<[u64]>, Moment)>,
}

/// What one caller must not see any more of one subgraph, though others may.
#[derive(Debug, Clone, Copy)]
struct Floor {
    moment: Moment,
    at: Instant,
}

/// All evictions that matter still.
#[derive(Debug)]
pub(super) struct Marks {
    now: Moment,
    entities: AHashMap<u64, Mark>,
    types: AHashMap<u64, TypeMarks>,
    floors: AHashMap<u64, Floor>,
    /// Answers that were asked for before this are not true, whatever they have read.
    floor: Moment,
    /// Types whose changes nobody tells at the moment, and how many who should cannot.
    blocked: AHashMap<u64, usize>,
    /// Types whose changes are told by events.
    followed: AHashSet<u64>,
    max: usize,
}

impl Marks {
    /// No evictions yet; at most `max` are remembered one by one.
    pub(super) fn new(max: usize) -> Self {
        Self {
            now: 1,
            entities: AHashMap::new(),
            types: AHashMap::new(),
            floors: AHashMap::new(),
            floor: 0,
            blocked: AHashMap::new(),
            followed: AHashSet::new(),
            max,
        }
    }

    /// The moment of now: what a fetch that begins now has to remember.
    pub(super) const fn now(&self) -> Moment {
        self.now
    }

    /// Evicts an entity, or all of its type when it has no keys.
    pub(super) fn evict(&mut self, reading: &Reading, at: Instant) {
        self.now += 1;
        let now = self.now;
        let of_type = self.types.entry(reading.typename).or_default();
        of_type.any = now;
        if reading.keys.is_empty() {
            of_type.all = now;
            return;
        }
        let fields: Box<[u64]> = reading.keys.iter().map(|(field, _)| *field).collect();
        let has_room = of_type.by_fields.len() < MAX_KEY_FORMS;
        match of_type.by_fields.iter_mut().find(|(known, _)| *known == fields) {
            Some((_, last)) => *last = now,
            None if has_room => of_type.by_fields.push((fields, now)),
            None => of_type.all = now,
        }
        for &(_, entity) in &reading.keys {
            let mark = self.entities.entry(entity).or_insert(Mark { plain: 0, revision: None, at });
            mark.at = at;
            match reading.revision {
                Some(revision) => {
                    let newest = mark.revision.map_or(revision, |(known, _)| known.max(revision));
                    mark.revision = Some((newest, now));
                }
                None => mark.plain = now,
            }
        }
        self.bound();
    }

    /// Lets one caller see nothing of a subgraph that was asked for before now.
    pub(super) fn raise_floor(&mut self, of: u64, at: Instant) {
        self.now += 1;
        self.floors.insert(of, Floor { moment: self.now, at });
        self.bound();
    }

    /// Evicts everything.
    pub(super) fn evict_all(&mut self) {
        self.now += 1;
        self.floor = self.now;
        self.entities.clear();
        self.types.clear();
        self.floors.clear();
    }

    /// With more evictions than can be remembered, nothing from before them can be told to be true.
    fn bound(&mut self) {
        if self.entities.len() + self.floors.len() > self.max {
            self.evict_all();
        }
    }

    /// Whether an answer that was asked for at `began` and has read all of `readings` is true.
    pub(super) fn is_true(&self, began: Moment, readings: &[Reading]) -> bool {
        began >= self.floor && readings.iter().all(|reading| self.reading_is_true(began, reading))
    }

    /// Whether one caller may see what was asked for at `began`.
    pub(super) fn is_above_floor(&self, began: Moment, of: u64) -> bool {
        self.floors.get(&of).is_none_or(|floor| began >= floor.moment)
    }

    fn reading_is_true(&self, began: Moment, reading: &Reading) -> bool {
        if self.blocked.contains_key(&reading.typename) {
            return false;
        }
        let Some(of_type) = self.types.get(&reading.typename) else { return true };
        if began < of_type.all || (reading.keys.is_empty() && began < of_type.any) {
            return false;
        }
        // The answer may be of an entity that was evicted by other keys than those it shows.
        let shows = |field: &u64| reading.keys.iter().any(|(known, _)| known == field);
        let unseen = of_type.by_fields.iter().filter(|(fields, last)| began < *last && !fields.iter().any(shows));
        if !reading.keys.is_empty() && unseen.count() > 0 {
            return false;
        }
        reading.keys.iter().all(|(_, entity)| self.entities.get(entity).is_none_or(|mark| mark.allows(began, reading)))
    }

    /// Nobody tells the changes of these types from now on.
    pub(super) fn block(&mut self, types: &[u64]) {
        for &ty in types {
            *self.blocked.entry(ty).or_default() += 1;
        }
    }

    /// The changes of these types are told again; what was asked for before may have missed some.
    pub(super) fn unblock(&mut self, types: &[u64], at: Instant) {
        for &ty in types {
            self.evict(&Reading::any_of(ty), at);
            if let Some(count) = self.blocked.get_mut(&ty) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.blocked.remove(&ty);
                }
            }
        }
    }

    /// Says that events tell the changes of a type.
    pub(super) fn follow(&mut self, ty: u64) {
        self.followed.insert(ty);
    }

    /// Whether events tell the changes of anything that was read: then only who hears them may keep the answer.
    pub(super) fn is_followed(&self, readings: &[Reading]) -> bool {
        !self.followed.is_empty() && readings.iter().any(|reading| self.followed.contains(&reading.typename))
    }

    /// Whether events tell the changes of all that was read, and something was.
    pub(super) fn are_all_followed(&self, readings: &[Reading]) -> bool {
        !readings.is_empty() && readings.iter().all(|reading| self.followed.contains(&reading.typename))
    }

    /// Whether nobody tells the changes of some of it at the moment, though somebody should.
    pub(super) fn is_blocked(&self, readings: &[Reading]) -> bool {
        !self.blocked.is_empty() && readings.iter().any(|reading| self.blocked.contains_key(&reading.typename))
    }

    /// Forgets what no answer can be too early for: `oldest` is when the oldest fetch under way began, and nothing that
    /// is kept is untrue. Callers' floors stay until all that was kept before them has run out.
    pub(super) fn forget(&mut self, oldest: Moment, at: Instant, longest_kept: Duration) {
        self.entities.retain(|_, mark| {
            let is_needed = mark.plain > oldest || mark.revision.is_some_and(|(_, moment)| moment > oldest);
            is_needed || (mark.revision.is_some() && mark.at + REVISIONS_KEPT > at)
        });
        self.floors.retain(|_, floor| floor.moment > oldest || floor.at + longest_kept > at);
    }

    /// Whether evictions of single entities are remembered.
    pub(super) fn remembers_entities(&self) -> bool {
        !self.entities.is_empty()
    }

    /// How many evictions are remembered.
    pub(super) fn len(&self) -> usize {
        self.entities.len() + self.floors.len()
    }
}

impl Mark {
    fn allows(&self, began: Moment, reading: &Reading) -> bool {
        let of_revision = |(newest, moment): (i64, Moment)| match reading.revision {
            Some(shown) => shown >= newest,
            None => began >= moment,
        };
        began >= self.plain && self.revision.is_none_or(of_revision)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::EntityEvent, *};

    fn reading(event: &EntityEvent) -> Reading {
        Reading::named_by(event)
    }

    fn badge(sku: &str) -> EntityEvent {
        EntityEvent::of("Badge", "sku", sku)
    }

    fn marks() -> (Marks, Instant) {
        (Marks::new(100), Instant::now())
    }

    #[tokio::test]
    async fn an_eviction_ends_what_was_asked_for_before_it_and_nothing_else() {
        let (mut marks, at) = marks();
        let early = marks.now();
        let (a, b) = (reading(&badge("a")), reading(&badge("b")));
        marks.evict(&a, at);
        assert!(!marks.is_true(early, std::slice::from_ref(&a)));
        assert!(marks.is_true(early, std::slice::from_ref(&b)));
        assert!(!marks.is_true(early, &[b.clone(), a.clone()]));
        assert!(marks.is_true(marks.now(), &[b, a]));
    }

    #[tokio::test]
    async fn what_shows_no_key_goes_with_any_of_its_type() {
        let (mut marks, at) = marks();
        let any = Reading::any_of(reading(&badge("a")).typename);
        let early = marks.now();
        marks.evict(&reading(&EntityEvent::of("Product", "id", "1")), at);
        assert!(marks.is_true(early, std::slice::from_ref(&any)));
        marks.evict(&reading(&badge("x")), at);
        assert!(!marks.is_true(early, std::slice::from_ref(&any)));
    }

    #[tokio::test]
    async fn what_shows_other_keys_than_the_event_names_goes_too() {
        let (mut marks, at) = marks();
        let by_handle = reading(&EntityEvent::of("Product", "handle", "shirt"));
        let by_both = reading(&EntityEvent::of("Product", "handle", "shirt").and("id", "2"));
        let early = marks.now();
        marks.evict(&reading(&EntityEvent::of("Product", "id", "1")), at);
        assert!(!marks.is_true(early, std::slice::from_ref(&by_handle)), "it may be product 1");
        assert!(marks.is_true(early, std::slice::from_ref(&by_both)), "it is product 2");
        let early = marks.now();
        marks.evict(&reading(&EntityEvent::of("Product", "handle", "trousers").and("id", "1")), at);
        assert!(marks.is_true(early, std::slice::from_ref(&by_handle)), "the event names another handle");
    }

    #[tokio::test]
    async fn revisions_decide_where_both_sides_know_them() {
        let (mut marks, at) = marks();
        let shows = |revision| Reading { revision: Some(revision), ..reading(&badge("a")) };
        let early = marks.now();
        marks.evict(&reading(&badge("a").at(5)), at);
        assert!(marks.is_true(early, &[shows(5)]), "asked for before the event, and as new as it");
        assert!(!marks.is_true(marks.now(), &[shows(4)]), "asked for after the event, from a replica that lags");
        marks.evict(&reading(&badge("a").at(4)), at);
        assert!(marks.is_true(early, &[shows(5)]), "an older event that arrives late ends nothing newer");
        assert!(!marks.is_true(marks.now(), &[shows(4)]), "and does not bring the older state back");
        marks.evict(&reading(&badge("a")), at);
        assert!(!marks.is_true(early, &[shows(5)]), "who writes and does not know the revision ends everything");
    }

    #[tokio::test]
    async fn what_nobody_tells_of_is_not_true() {
        let (mut marks, at) = marks();
        let a = reading(&badge("a"));
        marks.block(&[a.typename]);
        marks.block(&[a.typename]);
        let early = marks.now();
        assert!(!marks.is_true(early, std::slice::from_ref(&a)));
        marks.unblock(&[a.typename], at);
        assert!(!marks.is_true(marks.now(), std::slice::from_ref(&a)), "one of two is still away");
        marks.unblock(&[a.typename], at);
        assert!(!marks.is_true(early, std::slice::from_ref(&a)), "an event may have been missed");
        assert!(marks.is_true(marks.now(), std::slice::from_ref(&a)));
    }

    #[tokio::test]
    async fn with_too_many_evictions_nothing_from_before_is_true() {
        let (mut marks, at) = (Marks::new(3), Instant::now());
        let early = marks.now();
        for sku in ["a", "b", "c", "d"] {
            marks.evict(&reading(&badge(sku)), at);
        }
        assert_eq!(marks.len(), 0);
        assert!(!marks.is_true(early, &[]) && !marks.is_true(early, &[reading(&badge("z"))]));
        assert!(marks.is_true(marks.now(), &[reading(&badge("a"))]));
    }

    #[tokio::test(start_paused = true)]
    async fn forgets_what_nothing_can_be_too_early_for() {
        let (mut marks, at) = marks();
        marks.evict(&reading(&badge("a")), at);
        marks.evict(&reading(&badge("b").at(7)), at);
        let between = marks.now() - 1;
        marks.raise_floor(9, at);
        marks.forget(between, at, Duration::from_secs(60));
        assert_eq!(marks.len(), 2, "b is newer than the oldest fetch, the floor is young");
        marks.forget(marks.now(), at + Duration::from_secs(31), Duration::from_secs(60));
        assert_eq!(marks.len(), 1);
        assert!(!marks.is_above_floor(1, 9) && marks.is_above_floor(marks.now(), 9) && marks.is_above_floor(1, 8));
        marks.forget(between, at + Duration::from_secs(61), Duration::from_secs(60));
        assert!(!marks.is_above_floor(between, 9), "a fetch is under way that began before the floor was raised");
        marks.forget(marks.now(), at + Duration::from_secs(61), Duration::from_secs(60));
        assert_eq!(marks.len(), 0);
    }
}
