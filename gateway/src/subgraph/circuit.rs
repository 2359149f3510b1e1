//! When a failing subgraph is left alone: the rules of the circuit breaker, without clock or I/O.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::config::CircuitBreakerConfig;

/// How finely the sliding window is cut.
const BUCKETS: u32 = 10;

/// The states of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Requests pass.
    Closed,
    /// A few requests pass, to see whether the subgraph is well again.
    HalfOpen,
    /// No request passes.
    Open,
}

impl State {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// How a trip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    /// It says nothing about the subgraph: it was refused here, or nobody waited for it any more.
    Unknown,
}

/// Permission for one trip; its outcome counts only while the circuit is in the state that gave it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    epoch: u64,
}

/// The circuit of one subgraph.
#[derive(Debug)]
pub(super) struct Circuit {
    config: CircuitBreakerConfig,
    state: State,
    /// Grows with every change of state.
    epoch: u64,
    window: Window,
    /// Since when it is open.
    opened: Instant,
    /// Probes under way.
    probing: u32,
    /// Probes that succeeded since it is half open.
    succeeded: u32,
}

impl Circuit {
    pub(super) fn new(config: CircuitBreakerConfig, now: Instant) -> Self {
        let window = Window { bucket: config.window() / BUCKETS, buckets: VecDeque::new() };
        Self { config, state: State::Closed, epoch: 0, window, opened: now, probing: 0, succeeded: 0 }
    }

    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// Lets a request pass, or not.
    pub(super) fn admit(&mut self, now: Instant) -> Option<Ticket> {
        if self.state == State::Open && now.duration_since(self.opened) >= self.config.open() {
            self.turn(State::HalfOpen);
        }
        match self.state {
            State::Closed => {}
            State::HalfOpen if self.probing + self.succeeded < self.config.probes => self.probing += 1,
            State::HalfOpen | State::Open => return None,
        }
        Some(Ticket { epoch: self.epoch })
    }

    /// Takes note of how a trip ended.
    pub(super) fn record(&mut self, ticket: Ticket, outcome: Outcome, now: Instant) {
        if ticket.epoch != self.epoch {
            return;
        }
        match self.state {
            State::Closed => {
                if outcome != Outcome::Unknown {
                    self.window.add(outcome == Outcome::Failure, now);
                }
                if outcome == Outcome::Failure && self.is_failing(now) {
                    self.open(now);
                }
            }
            State::HalfOpen => {
                self.probing = self.probing.saturating_sub(1);
                match outcome {
                    Outcome::Failure => self.open(now),
                    Outcome::Success => {
                        self.succeeded += 1;
                        if self.succeeded >= self.config.probes {
                            self.turn(State::Closed);
                        }
                    }
                    Outcome::Unknown => {}
                }
            }
            State::Open => {}
        }
    }

    fn is_failing(&mut self, now: Instant) -> bool {
        let (total, failed) = self.window.sum(now);
        total >= u64::from(self.config.min_requests) && failed * 100 >= total * u64::from(self.config.failure_percent)
    }

    fn open(&mut self, now: Instant) {
        self.opened = now;
        self.turn(State::Open);
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
        self.probing = 0;
        self.succeeded = 0;
        self.window.buckets.clear();
    }
}

/// Trips and failures of the last while.
#[derive(Debug)]
struct Window {
    bucket: Duration,
    /// When each began, and how many trips and failures it has; the newest last.
    buckets: VecDeque<(Instant, u64, u64)>,
}

impl Window {
    fn add(&mut self, failed: bool, now: Instant) {
        match self.buckets.back_mut() {
            Some((began, total, failures)) if now.duration_since(*began) < self.bucket => {
                *total += 1;
                *failures += u64::from(failed);
            }
            _ => {
                self.forget(now);
                self.buckets.push_back((now, 1, u64::from(failed)));
            }
        }
    }

    fn sum(&mut self, now: Instant) -> (u64, u64) {
        self.forget(now);
        self.buckets.iter().fold((0, 0), |(trips, failed), bucket| (trips + bucket.1, failed + bucket.2))
    }

    fn forget(&mut self, now: Instant) {
        let window = self.bucket * BUCKETS;
        while self.buckets.front().is_some_and(|(began, ..)| now.duration_since(*began) >= window) {
            self.buckets.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig {
        enabled: true,
        failure_percent: 50,
        window_ms: 1_000,
        min_requests: 4,
        open_ms: 500,
        probes: 2,
    };

    struct Test {
        circuit: Circuit,
        now: Instant,
    }

    impl Test {
        fn new() -> Self {
            let now = Instant::now();
            Self { circuit: Circuit::new(CONFIG, now), now }
        }

        fn pass(&mut self, ms: u64) {
            self.now += Duration::from_millis(ms);
        }

        fn trip(&mut self, outcome: Outcome) -> State {
            let ticket = self.circuit.admit(self.now).unwrap();
            self.circuit.record(ticket, outcome, self.now);
            self.circuit.state()
        }

        fn fail(&mut self, times: usize) {
            for _ in 0..times {
                self.trip(Outcome::Failure);
            }
        }

        fn broken() -> Self {
            let mut test = Self::new();
            test.fail(4);
            assert_eq!(test.circuit.state(), State::Open);
            test
        }
    }

    #[test]
    fn opens_at_the_ratio_and_not_before_enough_requests() {
        let mut test = Test::new();
        for (outcome, state) in [
            (Outcome::Failure, State::Closed),
            (Outcome::Failure, State::Closed),
            (Outcome::Success, State::Closed),
            (Outcome::Unknown, State::Closed),
            (Outcome::Success, State::Closed),
            (Outcome::Success, State::Closed),
            (Outcome::Failure, State::Open),
        ] {
            assert_eq!(test.trip(outcome), state);
        }
        assert!(test.circuit.admit(test.now).is_none());
    }

    #[test]
    fn forgets_what_is_older_than_the_window() {
        let mut test = Test::new();
        test.fail(3);
        test.pass(1_001);
        assert_eq!(test.trip(Outcome::Failure), State::Closed);
        test.fail(3);
        assert_eq!(test.circuit.state(), State::Open);
    }

    #[test]
    fn is_probed_and_closes_when_all_probes_succeed() {
        let mut test = Test::broken();
        test.pass(499);
        assert!(test.circuit.admit(test.now).is_none());
        test.pass(1);
        let probes = [test.circuit.admit(test.now).unwrap(), test.circuit.admit(test.now).unwrap()];
        assert_eq!(test.circuit.state(), State::HalfOpen);
        assert!(test.circuit.admit(test.now).is_none(), "two probes and no more");
        test.circuit.record(probes[0], Outcome::Success, test.now);
        assert!(test.circuit.admit(test.now).is_none());
        test.circuit.record(probes[1], Outcome::Success, test.now);
        assert_eq!(test.circuit.state(), State::Closed);
        assert_eq!(test.trip(Outcome::Failure), State::Closed, "what was before it opened is forgotten");
    }

    #[test]
    fn a_failed_probe_opens_it_again_and_an_abandoned_one_makes_room() {
        let mut test = Test::broken();
        test.pass(500);
        let (first, second) = (test.circuit.admit(test.now).unwrap(), test.circuit.admit(test.now).unwrap());
        test.circuit.record(first, Outcome::Unknown, test.now);
        let third = test.circuit.admit(test.now).unwrap();
        test.circuit.record(third, Outcome::Failure, test.now);
        assert_eq!(test.circuit.state(), State::Open);
        test.circuit.record(second, Outcome::Success, test.now);
        assert_eq!(test.circuit.state(), State::Open, "a late answer to a former probe says nothing");
        test.pass(500);
        assert!(test.circuit.admit(test.now).is_some());
    }
}
