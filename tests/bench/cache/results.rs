//! What was measured of one shop.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::shop::Lookups;

/// An answer may be older than an event by this much.
const TOLERATED: Duration = Duration::from_millis(50);

/// Results of one or several rounds.
pub(crate) struct Results {
    pub(crate) elapsed: Duration,
    pub(crate) lookups: Lookups,
    pages_us: Histogram<u64>,
    changes_us: Histogram<u64>,
    /// By how much answers were too old, of those that were.
    stale_us: Histogram<u64>,
    /// Answers that were too old by more than is tolerated.
    too_stale: u64,
    /// From the answer to a change until someone else has a page that shows it.
    seen_us: Histogram<u64>,
    own_writes: u64,
    own_writes_unseen: u64,
}

impl Results {
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
        Self {
            elapsed: Duration::ZERO,
            lookups: Lookups::default(),
            pages_us: histogram(),
            changes_us: histogram(),
            stale_us: histogram(),
            too_stale: 0,
            seen_us: histogram(),
            own_writes: 0,
            own_writes_unseen: 0,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.elapsed += other.elapsed;
        self.lookups.hits += other.lookups.hits;
        self.lookups.misses += other.lookups.misses;
        for (mine, others) in [
            (&mut self.pages_us, &other.pages_us),
            (&mut self.changes_us, &other.changes_us),
            (&mut self.stale_us, &other.stale_us),
            (&mut self.seen_us, &other.seen_us),
        ] {
            mine.add(others).unwrap();
        }
        self.too_stale += other.too_stale;
        self.own_writes += other.own_writes;
        self.own_writes_unseen += other.own_writes_unseen;
    }

    /// A page came after `took`, and was too old by `staleness`.
    pub(crate) fn page(&mut self, took: Duration, staleness: Option<Duration>) {
        self.pages_us.record(microseconds(took)).unwrap();
        if let Some(staleness) = staleness {
            self.stale_us.record(microseconds(staleness)).unwrap();
            self.too_stale += u64::from(staleness > TOLERATED);
        }
    }

    pub(crate) fn change(&mut self, took: Duration) {
        self.changes_us.record(microseconds(took)).unwrap();
    }

    pub(crate) fn seen_by_others(&mut self, after: Duration) {
        self.seen_us.record(microseconds(after)).unwrap();
    }

    /// Whether who changed something saw it in their next page.
    pub(crate) fn own_write(&mut self, is_seen: bool) {
        self.own_writes += 1;
        self.own_writes_unseen += u64::from(!is_seen);
    }

    pub(crate) fn pages_per_second(&self) -> f64 {
        self.pages_us.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn changes_per_second(&self) -> f64 {
        self.changes_us.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn page_ms(&self, quantile: f64) -> f64 {
        milliseconds(&self.pages_us, quantile)
    }

    pub(crate) fn seen_ms(&self, quantile: f64) -> f64 {
        milliseconds(&self.seen_us, quantile)
    }

    pub(crate) fn stale_ms(&self, quantile: f64) -> f64 {
        milliseconds(&self.stale_us, quantile)
    }

    /// Of 100 lookups.
    pub(crate) fn hit_percent(&self) -> f64 {
        100.0 * self.lookups.hits / (self.lookups.hits + self.lookups.misses).max(1.0)
    }

    pub(crate) fn pages(&self) -> f64 {
        self.pages_us.len() as f64
    }

    pub(crate) fn stale_pages(&self) -> f64 {
        self.stale_us.len() as f64
    }

    pub(crate) const fn too_stale_pages(&self) -> f64 {
        self.too_stale as f64
    }

    pub(crate) const fn own_writes(&self) -> f64 {
        self.own_writes as f64
    }

    pub(crate) const fn own_writes_unseen(&self) -> f64 {
        self.own_writes_unseen as f64
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap().max(1)
}

fn milliseconds(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    if histogram.is_empty() { 0.0 } else { histogram.value_at_quantile(quantile) as f64 / 1_000.0 }
}
