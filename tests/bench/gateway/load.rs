//! A closed loop: each shopper waits for a page before asking for the next.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::ways::Way;

/// What was measured.
pub(crate) struct Measured {
    latencies_us: Histogram<u64>,
    elapsed: Duration,
}

impl Measured {
    pub(crate) fn new() -> Self {
        Self { latencies_us: Histogram::new_with_bounds(1, 60_000_000, 3).unwrap(), elapsed: Duration::ZERO }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.latencies_us.add(other.latencies_us).unwrap();
        self.elapsed += other.elapsed;
    }

    /// Pages a second.
    pub(crate) fn rate(&self) -> f64 {
        let pages = u32::try_from(self.latencies_us.len()).unwrap();
        f64::from(pages) / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    pub(crate) fn latency_ms(&self, quantile: f64) -> f64 {
        let microseconds = u32::try_from(self.latencies_us.value_at_quantile(quantile)).unwrap();
        f64::from(microseconds) / 1_000.0
    }
}

/// `shoppers` ask for pages for `duration`.
pub(crate) async fn run<W: Way>(way: &W, shoppers: usize, duration: Duration) -> Measured {
    let began = Instant::now();
    let end = began + duration;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..shoppers {
        let mut shopper = way.shopper().await;
        asking.spawn(async move {
            let mut latencies_us = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                W::ask(&mut shopper).await;
                latencies_us.push(u64::try_from(asked.elapsed().as_micros()).unwrap());
            }
            latencies_us
        });
    }
    let mut measured = Measured::new();
    while let Some(latencies_us) = asking.join_next().await {
        for latency_us in latencies_us.unwrap() {
            measured.latencies_us.record(latency_us.max(1)).unwrap();
        }
    }
    measured.elapsed = began.elapsed();
    measured
}
