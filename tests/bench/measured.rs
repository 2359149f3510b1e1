//! What clients that wait for each answer measured.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::{task::JoinSet, time::Instant};

/// Latencies, and how long it took to collect them.
pub(crate) struct Measured {
    latencies_us: Histogram<u64>,
    elapsed: Duration,
}

impl Measured {
    pub(crate) fn new() -> Self {
        Self { latencies_us: Histogram::new_with_bounds(1, 60_000_000, 3).unwrap(), elapsed: Duration::ZERO }
    }

    /// What all of `asking`, which began then, measured, in microseconds.
    pub(crate) async fn of(mut asking: JoinSet<Vec<u64>>, began: Instant) -> Self {
        let mut measured = Self::new();
        while let Some(latencies_us) = asking.join_next().await {
            for latency_us in latencies_us.unwrap() {
                measured.latencies_us.record(latency_us.max(1)).unwrap();
            }
        }
        measured.elapsed = began.elapsed();
        measured
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.latencies_us.add(other.latencies_us).unwrap();
        self.elapsed += other.elapsed;
    }

    /// How many answers.
    pub(crate) fn requests(&self) -> f64 {
        f64::from(u32::try_from(self.latencies_us.len()).unwrap())
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests() / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub(crate) fn latency_ms(&self, quantile: f64) -> f64 {
        let microseconds = u32::try_from(self.latencies_us.value_at_quantile(quantile)).unwrap();
        f64::from(microseconds) / 1_000.0
    }
}
