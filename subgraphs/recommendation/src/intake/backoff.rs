//! Waiting longer with every failure.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);

/// Pauses that double from 50 ms up to a bound.
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(super) fn up_to(longest: Duration) -> Self {
        Self { next: FIRST.min(longest), longest }
    }

    /// Sleeps, on tokio's clock.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = self.next.saturating_mul(2).min(self.longest);
    }

    /// Starts again, after a success.
    pub(super) fn reset(&mut self) {
        self.next = FIRST.min(self.longest);
    }
}
