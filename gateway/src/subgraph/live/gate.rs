//! When the address of a subgraph may be tried.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rand::Rng;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::fault::Fault;
use crate::config::SubgraphSubscriptionConfig;

/// A failure that long ago does not make the next pause longer.
const FORGIVEN_AFTER: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    /// Whether the last attempt failed.
    is_failing: bool,
    /// Failures, none of which long after the one before it. A connection that is made and breaks at once ends no row.
    failures: u32,
    /// When the last of them was counted, and when the next attempt may be made.
    counted_at: Option<Instant>,
    not_before: Option<Instant>,
    /// Failures in all.
    failed: u64,
    last: Option<Fault>,
}

/// Lets attempts to connect to one address through: many at a time while it answers, and one at a time, with growing
/// pauses between them, while it does not.
pub(super) struct Gate {
    state: Mutex<State>,
    places: Arc<Semaphore>,
    probe: Arc<AsyncMutex<()>>,
    first_ms: u64,
    longest: Duration,
}

/// Held while an attempt is made.
pub(super) struct Passage {
    _place: Option<OwnedSemaphorePermit>,
    _probe: Option<OwnedMutexGuard<()>>,
}

impl Gate {
    pub(super) fn new(config: &SubgraphSubscriptionConfig) -> Self {
        Self {
            state: Mutex::default(),
            places: Arc::new(Semaphore::new(config.max_connecting)),
            probe: Arc::default(),
            first_ms: config.backoff_ms,
            longest: Duration::from_millis(config.max_backoff_ms),
        }
    }

    /// Waits until an attempt may be made.
    ///
    /// # Errors
    ///
    /// When another attempt failed in the meantime: what failed it would fail this one.
    pub(super) async fn enter(&self) -> Result<Passage, Fault> {
        let seen = self.state.lock().failed;
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        if self.is_open() {
            return Ok(Passage { _place: place, _probe: None });
        }
        let probe = Arc::clone(&self.probe).lock_owned().await;
        let wait_until = {
            let state = self.state.lock();
            if let (true, Some(fault)) = (state.failed != seen, &state.last) {
                return Err(fault.clone());
            }
            state.not_before
        };
        if let Some(until) = wait_until {
            tokio::time::sleep_until(until).await;
        }
        // Where it answers again, nobody has to queue behind this one.
        let probe = (!self.is_open()).then_some(probe);
        Ok(Passage { _place: place, _probe: probe })
    }

    fn is_open(&self) -> bool {
        !self.state.lock().is_failing
    }

    /// What failed last, if it is not known that it would not fail again.
    pub(super) fn failing(&self) -> Option<Fault> {
        let state = self.state.lock();
        state.last.clone().filter(|_| state.is_failing)
    }

    /// The address answered.
    pub(super) fn succeeded(&self) {
        let mut state = self.state.lock();
        state.is_failing = false;
        state.not_before = None;
    }

    /// An attempt failed, or a connection broke soon after it had been made.
    pub(super) fn failed(&self, fault: &Fault) {
        let mut state = self.state.lock();
        state.failed += 1;
        state.last = Some(fault.clone());
        let now = Instant::now();
        // Of those that fail together, one counts.
        state.is_failing = true;
        if state.not_before.is_none_or(|until| until <= now) {
            let is_forgiven = state.counted_at.is_none_or(|at| now.duration_since(at) > FORGIVEN_AFTER);
            state.failures = if is_forgiven { 1 } else { state.failures.saturating_add(1) };
            state.counted_at = Some(now);
            state.not_before = Some(now + self.pause(state.failures));
        }
    }

    /// Doubles with each failure; a random part keeps gateways that lost a subgraph together from coming back together.
    fn pause(&self, failures: u32) -> Duration {
        let doubled = self.first_ms.saturating_mul(1 << failures.saturating_sub(1).min(16));
        Duration::from_millis(doubled).min(self.longest).mul_f64(rand::rng().random_range(0.5..1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Arc<Gate> {
        Arc::new(Gate::new(&SubgraphSubscriptionConfig { max_connecting: 2, ..SubgraphSubscriptionConfig::default() }))
    }

    fn fault() -> Fault {
        Fault::NoConnection("refused".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_up_to_the_longest_and_end_with_a_success() {
        let gate = gate();
        let mut pauses = Vec::new();
        for _ in 0..10 {
            gate.failed(&fault());
            let begun = Instant::now();
            drop(gate.enter().await.unwrap());
            pauses.push(begun.elapsed());
        }
        for (index, pause) in pauses.iter().enumerate() {
            let longest = Duration::from_millis(100 << index.min(5)).min(Duration::from_secs(2));
            assert!(*pause >= longest / 2 && *pause <= longest + Duration::from_millis(1), "{index}: {pause:?}");
        }
        gate.succeeded();
        let begun = Instant::now();
        drop(gate.enter().await.unwrap());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_break_at_once_are_made_with_growing_pauses_as_well() {
        let gate = gate();
        let begun = Instant::now();
        for _ in 0..5 {
            drop(gate.enter().await.unwrap());
            gate.succeeded();
            gate.failed(&fault());
        }
        assert!(begun.elapsed() >= Duration::from_millis((100 + 200 + 400 + 800) / 2), "{:?}", begun.elapsed());
        gate.succeeded();
        tokio::time::advance(FORGIVEN_AFTER + Duration::from_secs(1)).await;
        gate.failed(&fault());
        let begun = Instant::now();
        drop(gate.enter().await.unwrap());
        assert!(begun.elapsed() <= Duration::from_millis(101), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_at_one_time_count_once() {
        let gate = gate();
        for _ in 0..100 {
            gate.failed(&fault());
        }
        let begun = Instant::now();
        drop(gate.enter().await.unwrap());
        assert!(begun.elapsed() <= Duration::from_millis(101), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn those_behind_a_probe_that_fails_fail_with_it_and_follow_one_that_does_not() {
        let gate = gate();
        gate.failed(&fault());
        let probe = gate.enter().await.unwrap();
        let behind = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await.map(|_| ()) }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        gate.failed(&fault());
        drop(probe);
        assert_eq!(behind.await.unwrap().err(), Some(fault()));

        let probe = gate.enter().await.unwrap();
        let behind = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await.map(|_| ()) }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        gate.succeeded();
        drop(probe);
        assert!(behind.await.unwrap().is_ok());
    }
}
