//! Waiting longer after every failure in a row.

use std::time::Duration;

use rand::Rng;

/// Delays that double from `first` to `longest`, each shortened at random by up to a quarter, so that many who failed
/// together do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// Notes a failure; whether it is the first in a row.
    pub(crate) const fn fail(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }

    /// Notes a success; whether there were failures before it.
    pub(crate) const fn succeed(&mut self) -> bool {
        let recovered = self.failures > 0;
        self.failures = 0;
        recovered
    }

    /// How long to wait now; zero without failures.
    pub(crate) fn delay(&self) -> Duration {
        if self.failures == 0 {
            return Duration::ZERO;
        }
        let doublings = (self.failures - 1).min(20);
        let delay = self.first.saturating_mul(1 << doublings).min(self.longest);
        delay.mul_f64(rand::rng().random_range(0.75..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_start_again_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        assert_eq!(backoff.delay(), Duration::ZERO);
        for longest_ms in [100, 200, 400, 800, 1000, 1000] {
            assert_eq!(backoff.fail(), longest_ms == 100);
            let delay = backoff.delay();
            let longest = Duration::from_millis(longest_ms);
            assert!(delay <= longest && delay >= longest.mul_f64(0.74), "{delay:?} of {longest:?}");
        }
        assert!(backoff.succeed());
        assert!(!backoff.succeed());
        assert_eq!(backoff.delay(), Duration::ZERO);
    }
}
