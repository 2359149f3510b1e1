//! Spreads the starts of subscriptions.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Over how long what was not used may be used at once.
const BURST: Duration = Duration::from_millis(100);

/// Allows so many starts in a second, for all connections to one address: when a subgraph comes back, all that it had
/// served comes back to it at once.
pub(super) struct Pace {
    interval: Duration,
    /// When the start after the last one is due.
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Self { interval, next: Mutex::new(Instant::now()) }
    }

    /// Takes one start; or when to ask again.
    pub(super) fn take(&self) -> Result<(), Instant> {
        let now = Instant::now();
        let mut next = self.next.lock();
        // However slow, one start is always saved up.
        let earliest = now.checked_sub(BURST.max(self.interval)).map_or(*next, |earliest| (*next).max(earliest));
        if earliest > now {
            return Err(earliest);
        }
        *next = earliest + self.interval;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn starts_are_spread_after_a_burst() {
        let pace = Pace::new(100);
        tokio::time::advance(Duration::from_secs(10)).await;
        let at_once = std::iter::repeat_with(|| pace.take()).take_while(Result::is_ok).count();
        assert_eq!(at_once, 11);
        let mut started = 0;
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(1) {
            match pace.take() {
                Ok(()) => started += 1,
                Err(until) => tokio::time::sleep_until(until).await,
            }
        }
        assert_eq!(started, 99);
    }
}
