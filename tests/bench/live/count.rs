//! What comes to the sockets of a generator.

use std::collections::HashMap;

use hdrhistogram::Histogram;

use super::orders::{Change, Counted, now_us};

/// Times are kept of so many messages; at saturation there are more, of which only the number counts.
const RECEIPTS_MAX: usize = 5_000_000;
/// Nothing is held yet.
const NOTHING: i64 = i64::MIN;

/// One badge that came.
struct Receipt {
    sku: u32,
    available: i64,
    at_us: u64,
}

/// The newest badge of a SKU of a subscription.
#[derive(Clone, Copy)]
struct Held {
    sku: u32,
    available: i64,
    /// Whether its socket stalls, so that nobody expects it to be true.
    stalls: bool,
}

/// The counters, and what the clients hold.
#[derive(Default)]
pub(crate) struct Count {
    held: Vec<Held>,
    receipts: Vec<Receipt>,
    counted: Counted,
    has_stopped: bool,
}

impl Count {
    /// Makes room for so many badges; where it begins.
    pub(crate) fn hold(&mut self, badges: usize, stalls: bool) -> usize {
        let place = self.held.len();
        self.held.resize(place + badges, Held { sku: 0, available: NOTHING, stalls });
        place
    }

    pub(crate) fn begin(&mut self) {
        (self.counted, self.has_stopped) = (Counted::default(), false);
        self.receipts = Vec::new();
    }

    /// The time of which messages are counted is over.
    pub(crate) const fn stop(&mut self) {
        self.has_stopped = true;
    }

    /// A badge came to a place where one is held; whether it is the first.
    pub(crate) fn take(&mut self, place: usize, (sku, available): (usize, i64), bytes: usize) -> bool {
        let sku = u32::try_from(sku).unwrap();
        let held = &mut self.held[place];
        let is_first = held.available == NOTHING;
        (held.sku, held.available) = (sku, available);
        if held.stalls {
            return is_first;
        }
        if !self.has_stopped {
            self.counted.messages += 1;
            self.counted.bytes += bytes as u64;
        }
        if self.receipts.len() < RECEIPTS_MAX {
            self.receipts.push(Receipt { sku, available, at_us: now_us() });
        }
        is_first
    }

    /// A socket was closed by the server, or an operation ended.
    pub(crate) fn lose(&mut self, is_stalling: bool) {
        if is_stalling {
            self.counted.lost_stalled += 1;
        } else {
            self.counted.lost += 1;
        }
    }

    /// What came since the beginning. `available` is what there is of each SKU now.
    pub(crate) fn end(&mut self, changes: &[Change], available: &[i64]) -> Counted {
        let mut counted = std::mem::take(&mut self.counted);
        let by_change: HashMap<(u32, i64), &Change> =
            changes.iter().map(|change| ((u32::try_from(change.sku).unwrap(), change.available), change)).collect();
        let mut since_sent = Histogram::<u64>::new(3).unwrap();
        let mut since_answered = since_sent.clone();
        for Receipt { sku, available, at_us } in std::mem::take(&mut self.receipts) {
            if let Some(change) = by_change.get(&(sku, available)) {
                since_sent.record(at_us.saturating_sub(change.sent_us)).unwrap();
                since_answered.record(at_us.saturating_sub(change.answered_us)).unwrap();
            }
        }
        (counted.since_sent, counted.since_answered) = (values(&since_sent), values(&since_answered));
        let expected = self.held.iter().filter(|held| !held.stalls);
        counted.held = expected.clone().count() as u64;
        counted.empty = expected.clone().filter(|held| held.available == NOTHING).count() as u64;
        let is_current = |held: &Held| held.available == available[usize::try_from(held.sku).unwrap()];
        counted.not_current = expected.filter(|held| !is_current(held)).count() as u64 - counted.empty;
        counted
    }
}

fn values(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    histogram.iter_recorded().map(|value| (value.value_iterated_to(), value.count_at_value())).collect()
}
