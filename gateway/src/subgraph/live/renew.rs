//! When the identity of a connection is renewed, and how.

use std::time::Duration;

use tokio::time::Instant;

use super::super::IdentityRenewer;
use crate::config::IdentityRenewal;

/// Subscriptions that move to another connection do so in steps of this length.
const MOVE_STEP: Duration = Duration::from_millis(50);

/// When the identity of one connection is renewed, and how.
pub(super) struct Renewal {
    renewer: Option<IdentityRenewer>,
    how: IdentityRenewal,
    next: Instant,
    /// How many subscriptions move in one step, once they do.
    step: Option<usize>,
}

impl Renewal {
    /// That of a connection that was opened just now.
    pub(super) fn new(renewer: Option<IdentityRenewer>, how: IdentityRenewal) -> Self {
        // So that a renewal that is lost on the way can be repeated, or all can move before the end.
        let first = renewer.as_ref().map_or(Duration::ZERO, |renewer| renewer.lifetime / 2);
        Self { renewer, how, next: Instant::now() + first, step: None }
    }

    /// When to look at it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.renewer.as_ref().map(|_| self.next)
    }

    /// An identity to send, when it is time.
    pub(super) fn fresh_identity(&mut self, now: Instant) -> Option<String> {
        let renewer = self.renewer.as_ref()?;
        if self.how != IdentityRenewal::InBand || now < self.next {
            return None;
        }
        self.next = now + renewer.lifetime / 2;
        renewer.sign()?.to_str().ok().map(str::to_owned)
    }

    /// How many of `operations` have to move to another connection now; `None` when none has.
    pub(super) fn count_to_move(&mut self, now: Instant, operations: usize) -> Option<usize> {
        let renewer = self.renewer.as_ref()?;
        if self.how != IdentityRenewal::Reconnect || now < self.next {
            return None;
        }
        // A quarter of its life is time enough, and leaves as much for what goes wrong.
        let steps = (renewer.lifetime / 4).as_millis() / MOVE_STEP.as_millis();
        let steps = usize::try_from(steps).unwrap_or(usize::MAX).max(1);
        self.next = now + MOVE_STEP;
        Some(*self.step.get_or_insert_with(|| operations.div_ceil(steps)))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn renewal(how: IdentityRenewal) -> Renewal {
        let sign = || Some(HeaderValue::from_static("token"));
        Renewal::new(Some(IdentityRenewer::new(Duration::from_secs(60), sign)), how)
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_identity_is_sent_twice_in_each_life() {
        let mut renewal = renewal(IdentityRenewal::InBand);
        let mut sent = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(100) {
            tokio::time::sleep_until(renewal.due().unwrap()).await;
            sent.extend(renewal.fresh_identity(Instant::now()).map(|_| begun.elapsed().as_secs()));
            assert_eq!(renewal.count_to_move(Instant::now(), 10), None);
        }
        assert_eq!(sent, [30, 60, 90, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn all_have_moved_well_before_the_end() {
        let mut renewal = renewal(IdentityRenewal::Reconnect);
        let begun = Instant::now();
        let (mut left, mut most) = (1_000, 0);
        while left > 0 {
            tokio::time::sleep_until(renewal.due().unwrap()).await;
            assert_eq!(renewal.fresh_identity(Instant::now()), None);
            let count = renewal.count_to_move(Instant::now(), left).unwrap();
            most = most.max(count);
            left -= count.min(left);
        }
        assert!((30..46).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        assert!(most < 5, "{most}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_identities_nothing_is_due() {
        let renewal = Renewal::new(None, IdentityRenewal::InBand);
        assert_eq!(renewal.due(), None);
    }
}
