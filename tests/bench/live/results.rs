//! What was measured of a gateway in a scenario.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::orders::{Closed, Counted};

/// Of all rounds: memory is the largest of them.
pub(crate) struct Results {
    pub(crate) opened_ms: u64,
    /// First badges that did not come.
    pub(crate) without_first: u64,
    /// Resident, of all gateways.
    pub(crate) start_bytes: u64,
    pub(crate) idle_bytes: u64,
    pub(crate) peak_bytes: u64,
    pub(crate) left_bytes: u64,
    pub(crate) elapsed: Duration,
    pub(crate) cpu: Duration,
    pub(crate) generator_cpu: Duration,
    pub(crate) changes: u64,
    pub(crate) counted: Counted,
    pub(crate) since_sent: Histogram<u64>,
    pub(crate) since_answered: Histogram<u64>,
    pub(crate) closed: Closed,
    /// Why there is nothing to tell.
    pub(crate) problem: Option<String>,
}

impl Results {
    pub(crate) fn new() -> Self {
        let none = Histogram::new(3).unwrap();
        Self {
            opened_ms: 0,
            without_first: 0,
            start_bytes: 0,
            idle_bytes: 0,
            peak_bytes: 0,
            left_bytes: 0,
            elapsed: Duration::ZERO,
            cpu: Duration::ZERO,
            generator_cpu: Duration::ZERO,
            changes: 0,
            counted: Counted::default(),
            since_sent: none.clone(),
            since_answered: none,
            closed: Closed::default(),
            problem: None,
        }
    }

    /// Adds another round.
    pub(crate) fn add(&mut self, other: &Self) {
        self.opened_ms = self.opened_ms.max(other.opened_ms);
        self.without_first += other.without_first;
        self.start_bytes = self.start_bytes.max(other.start_bytes);
        self.idle_bytes = self.idle_bytes.max(other.idle_bytes);
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
        self.left_bytes = self.left_bytes.max(other.left_bytes);
        self.elapsed += other.elapsed;
        self.cpu += other.cpu;
        self.generator_cpu += other.generator_cpu;
        self.changes += other.changes;
        self.count(&other.counted);
        self.since_sent.add(&other.since_sent).unwrap();
        self.since_answered.add(&other.since_answered).unwrap();
        self.close(other.closed);
        self.problem = self.problem.take().or_else(|| other.problem.clone());
    }

    /// Adds what a generator has counted.
    pub(crate) fn count(&mut self, counted: &Counted) {
        let into = &mut self.counted;
        into.messages += counted.messages;
        into.bytes += counted.bytes;
        into.held += counted.held;
        into.empty += counted.empty;
        into.not_current += counted.not_current;
        into.lost += counted.lost;
        into.lost_stalled += counted.lost_stalled;
        for (value, count) in &counted.since_sent {
            self.since_sent.record_n(*value, *count).unwrap();
        }
        for (value, count) in &counted.since_answered {
            self.since_answered.record_n(*value, *count).unwrap();
        }
    }

    pub(crate) fn close(&mut self, closed: Closed) {
        self.closed.sockets += closed.sockets;
        self.closed.answered += closed.answered;
    }
}
