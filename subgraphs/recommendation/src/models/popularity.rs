//! What is liked, and what is liked more than it used to be.

use std::collections::{BinaryHeap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ProductId;

/// How fast interest is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct HalfLives {
    /// After this time an event counts half for popularity.
    pub popular: TimeDelta,
    /// After this time an event counts half for what is rising.
    pub trending: TimeDelta,
}

impl Default for HalfLives {
    fn default() -> Self {
        Self { popular: TimeDelta::days(7), trending: TimeDelta::hours(12) }
    }
}

/// Interest that this much of would be expected of any product: keeps the first click on an unknown product from being
/// a trend.
const EXPECTED_INTEREST: f64 = 20.0;

/// Trends need at least this much fresh interest.
const MIN_FRESH_INTEREST: f64 = 5.0;

/// Interest at which counters are brought back to small numbers, in half-lives since the landmark.
const RESCALE_AFTER_HALF_LIVES: f64 = 500.0;

/// Counts interest with exponential decay. Instead of shrinking old counts it lets new events weigh more (forward decay,
/// Cormode et al., ICDE 2009), so that an event costs one addition and an order never has to be recomputed.
#[derive(Debug)]
pub struct Popularity {
    half_lives: HalfLives,
    landmark: Option<DateTime<Utc>>,
    counters: HashMap<ProductId, Counter>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counter {
    popular: f64,
    trending: f64,
}

impl Popularity {
    /// A model that has seen nothing.
    #[must_use]
    pub fn new(half_lives: HalfLives) -> Self {
        Self { half_lives, landmark: None, counters: HashMap::new() }
    }

    /// Learns that somebody took an interest of `weight` in `product` at `at`.
    pub fn observe(&mut self, product: &ProductId, at: DateTime<Utc>, weight: f64) {
        let landmark = *self.landmark.get_or_insert(at);
        if half_lives_between(landmark, at, self.half_lives.trending) > RESCALE_AFTER_HALF_LIVES {
            self.rescale(landmark, at);
        }
        let landmark = *self.landmark.get_or_insert(at);
        let counter = self.counters.entry(product.clone()).or_default();
        counter.popular += weight * half_lives_between(landmark, at, self.half_lives.popular).exp2();
        counter.trending += weight * half_lives_between(landmark, at, self.half_lives.trending).exp2();
    }

    fn rescale(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        let popular = (-half_lives_between(from, to, self.half_lives.popular)).exp2();
        let trending = (-half_lives_between(from, to, self.half_lives.trending)).exp2();
        for counter in self.counters.values_mut() {
            counter.popular *= popular;
            counter.trending *= trending;
        }
        self.landmark = Some(to);
    }

    /// The at most `count` most popular products that `accept` admits, with scores of 0 to 1 (1 is the most popular of
    /// all), best first, equal scores by id.
    #[must_use]
    pub fn popular(&self, count: usize, accept: impl FnMut(&ProductId) -> bool) -> Vec<(ProductId, f32)> {
        leaders(self.counters.iter().map(|(id, counter)| (id, counter.popular)), count, accept)
    }

    /// As [`Self::popular`], by how much the interest of late exceeds the usual interest at `now`.
    #[must_use]
    pub fn trending(
        &self,
        now: DateTime<Utc>,
        count: usize,
        accept: impl FnMut(&ProductId) -> bool,
    ) -> Vec<(ProductId, f32)> {
        let Some(landmark) = self.landmark else { return Vec::new() };
        let fresh_scale = (-half_lives_between(landmark, now, self.half_lives.trending)).exp2();
        let usual_scale = (-half_lives_between(landmark, now, self.half_lives.popular)).exp2();
        // In a steady state the usual interest is this many times the fresh one.
        let steady = seconds(self.half_lives.popular) / seconds(self.half_lives.trending);
        let rising = self.counters.iter().filter_map(|(id, counter)| {
            let fresh = counter.trending * fresh_scale;
            let lift = fresh * steady / counter.popular.mul_add(usual_scale, EXPECTED_INTEREST);
            (fresh >= MIN_FRESH_INTEREST && lift > 1.0).then_some((id, lift))
        });
        leaders(rising, count, accept)
    }

    /// Forgets `product`.
    pub fn forget(&mut self, product: &str) {
        self.counters.remove(product);
    }

    /// Forgets all products but those which `keep` names.
    pub fn retain(&mut self, keep: impl Fn(&ProductId) -> bool) {
        self.counters.retain(|product, _| keep(product));
    }
}

fn half_lives_between(from: DateTime<Utc>, to: DateTime<Utc>, half_life: TimeDelta) -> f64 {
    seconds(to - from) / seconds(half_life).max(1.0)
}

fn seconds(delta: TimeDelta) -> f64 {
    delta.num_milliseconds() as f64 / 1_000.0
}

struct Ranked<'a>(&'a ProductId, f64);

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked<'_> {}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.1.total_cmp(&other.1).then_with(|| other.0.cmp(self.0))
    }
}

/// A heap gives the best one by one, so that only as many are ordered and asked for as are needed.
fn leaders<'a>(
    scored: impl Iterator<Item = (&'a ProductId, f64)>,
    count: usize,
    mut accept: impl FnMut(&ProductId) -> bool,
) -> Vec<(ProductId, f32)> {
    let mut heap: BinaryHeap<Ranked<'a>> = scored.map(|(id, score)| Ranked(id, score)).collect();
    let top = heap.peek().map_or(0.0, |ranked| ranked.1);
    let mut found = Vec::new();
    while found.len() < count {
        let Some(Ranked(id, score)) = heap.pop() else { break };
        if accept(id) {
            found.push((id.clone(), share(score, top)));
        }
    }
    found
}

/// `part / whole` within 0 to 1.
fn share(part: f64, whole: f64) -> f32 {
    if whole <= 0.0 {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1 loses digits at most")]
    let share = (part / whole).clamp(0.0, 1.0) as f32;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn names(list: &[(ProductId, f32)]) -> Vec<&str> {
        list.iter().map(|(id, _)| &**id).collect()
    }

    #[test]
    fn old_interest_fades_by_half_lives() {
        let mut model = Popularity::new(HalfLives::default());
        model.observe(&"old".into(), at(0), 10.0);
        model.observe(&"new".into(), at(24 * 14), 5.0);
        let list = model.popular(5, |_| true);
        assert_eq!(names(&list), ["new", "old"]);
        assert!((list[1].1 - 0.5).abs() < 1e-6, "two half-lives make 2.5 of 10: {list:?}");
    }

    #[test]
    fn years_of_events_stay_finite() {
        let mut model = Popularity::new(HalfLives::default());
        for day in 0..3_000 {
            model.observe(&"daily".into(), at(day * 24), 1.0);
        }
        model.observe(&"once".into(), at(0), 1e6);
        let list = model.popular(5, |_| true);
        assert_eq!(names(&list), ["daily", "once"]);
        assert!(list.iter().all(|(_, score)| score.is_finite()));
    }

    #[test]
    fn a_rise_trends_and_steady_interest_does_not() {
        let mut model = Popularity::new(HalfLives::default());
        for hour in 0..24 * 60 {
            model.observe(&"evergreen".into(), at(hour), 2.0);
        }
        for _ in 0..20 {
            model.observe(&"hyped".into(), at(24 * 60), 2.0);
        }
        let now = at(24 * 60);
        assert_eq!(names(&model.trending(now, 5, |_| true)), ["hyped"]);
        assert_eq!(names(&model.popular(5, |_| true)), ["evergreen", "hyped"]);
        assert!(model.trending(at(24 * 90), 5, |_| true).is_empty(), "yesterday's hype is over");
    }

    #[test]
    fn what_is_not_accepted_makes_room() {
        let mut model = Popularity::new(HalfLives::default());
        for (name, weight) in [("a", 3.0), ("b", 2.0), ("c", 1.0)] {
            model.observe(&name.into(), at(0), weight);
        }
        assert_eq!(names(&model.popular(2, |id| &**id != "a")), ["b", "c"]);
        model.forget("b");
        assert_eq!(names(&model.popular(2, |_| true)), ["a", "c"]);
    }
}
