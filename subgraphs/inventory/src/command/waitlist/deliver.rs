//! Bringing notices to those they are for.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::Waitlist;
use crate::{
    notify::NotifyError,
    store::{
        StoreError,
        transact::{Work, transact},
        waitlist::{Leased, Settled, count_notices, lease_notice, notice_is_due, settle_notice},
    },
};

/// Notices that one process is at.
const AT_ONCE: usize = 8;
/// How often notices are counted.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// Of an error so much is kept.
const REASON_MAX: usize = 500;

impl Waitlist {
    /// Takes one notice that is due and tells it; whether there was one. What becomes of it is written after it was told: a
    /// process that dies in between leaves it to be told again, under the same id.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn deliver_one(&self) -> Result<bool, StoreError> {
        let Some(leased) = self.lease().await? else { return Ok(false) };
        self.deliver(leased).await?;
        Ok(true)
    }

    async fn lease(&self) -> Result<Option<Leased>, StoreError> {
        if !notice_is_due(&self.store).await? {
            return Ok(None);
        }
        transact(&self.store, &Lease { length: self.settings.lease }).await
    }

    async fn deliver(&self, leased: Leased) -> Result<(), StoreError> {
        let settled = match &leased.notice {
            None => Settled::Dead("what it tells is over".to_owned()),
            Some(notice) => match self.notifier.tell(notice).await {
                Ok(()) => Settled::Delivered,
                Err(NotifyError::Unavailable { reason }) if leased.attempts < self.settings.attempts_max => {
                    Settled::Later(self.pause_after(leased.attempts), short(&reason))
                }
                Err(error) => Settled::Dead(short(&error.to_string())),
            },
        };
        let outcome = match &settled {
            Settled::Delivered => "delivered",
            Settled::Later(_, reason) => {
                tracing::debug!(notice_id = leased.entry_id, reason, "a notice will be tried again");
                "retried"
            }
            Settled::Dead(reason) => {
                tracing::warn!(notice_id = leased.entry_id, reason, "a notice was given up");
                "dead"
            }
        };
        if transact(&self.store, &Settle { leased: &leased, settled: &settled }).await? {
            metrics::counter!("inventory_waitlist_notices_total", "outcome" => outcome).increment(1);
        }
        Ok(())
    }

    /// Twice as long with each attempt, and up to a quarter less at random.
    fn pause_after(&self, attempts: i32) -> TimeDelta {
        let doublings = attempts.saturating_sub(1).clamp(0, 20);
        let pause = self.settings.pause_base.checked_mul(1 << doublings).unwrap_or(self.settings.pause_max);
        let pause = pause.min(self.settings.pause_max);
        pause - pause / 400 * rand::random_range(0..=100)
    }

    /// Delivers for ever, looking at least every `pause`.
    pub(super) async fn run_delivery(&self, pause: Duration) {
        let mut working: JoinSet<()> = JoinSet::new();
        let mut counted = None::<Instant>;
        loop {
            while working.len() < AT_ONCE {
                match self.lease().await {
                    Ok(Some(leased)) => {
                        let own = self.clone();
                        working.spawn(async move {
                            let id = leased.entry_id.clone();
                            if let Err(error) = own.deliver(leased).await {
                                tracing::warn!(%error, notice_id = id, "a notice is left to be told again");
                            }
                        });
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, "notices could not be looked for");
                        break;
                    }
                }
            }
            if counted.is_none_or(|at| at.elapsed() >= COUNT_EVERY) {
                self.measure().await;
                counted = Some(Instant::now());
            }
            tokio::select! {
                () = sleep(pause) => {}
                Some(_) = working.join_next() => {}
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers of notices")]
    async fn measure(&self) {
        if let Ok(counts) = count_notices(&self.store).await {
            metrics::gauge!("inventory_waitlist_notices_pending").set(counts.pending as f64);
            metrics::gauge!("inventory_waitlist_notices_dead").set(counts.dead as f64);
        }
    }
}

fn short(reason: &str) -> String {
    reason.chars().take(REASON_MAX).collect()
}

struct Lease {
    length: TimeDelta,
}

impl Work for Lease {
    type Output = Option<Leased>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        lease_notice(transaction, self.length).await
    }
}

struct Settle<'a> {
    leased: &'a Leased,
    settled: &'a Settled,
}

impl Work for Settle<'_> {
    type Output = bool;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<bool, StoreError> {
        settle_notice(transaction, self.leased, self.settled).await
    }
}
