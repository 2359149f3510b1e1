//! Telling those who wait: whose turn it is, and that it reaches them.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use selvedge_kit::outbox::RelaySignal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    notify::Notifier,
    store::{
        Store, StoreError,
        transact::{Work, transact},
        waitlist::{self, Told},
    },
};

/// How often queues are looked for that are due.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The shortest and the longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How patient the waitlist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitlistSettings {
    /// How long pieces that somebody was told of count as theirs.
    pub offer_for: TimeDelta,
    /// How long a process that says nothing keeps a notice to itself. Longer than a notifier takes.
    pub lease: TimeDelta,
    /// The pause before a notice is tried again; each further one is twice as long.
    pub pause_base: TimeDelta,
    /// No pause is longer.
    pub pause_max: TimeDelta,
    /// After so many attempts a notice is given up.
    pub attempts_max: i32,
}

impl Default for WaitlistSettings {
    fn default() -> Self {
        Self {
            offer_for: TimeDelta::hours(24),
            lease: TimeDelta::seconds(30),
            pause_base: TimeDelta::seconds(2),
            pause_max: TimeDelta::minutes(10),
            attempts_max: 12,
        }
    }
}

/// Tells those who wait. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Waitlist {
    pub(super) store: Store,
    signal: RelaySignal,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) settings: WaitlistSettings,
}

impl Waitlist {
    /// A waitlist on `store` that tells through `notifier` and rings `signal` after it did.
    #[must_use]
    pub fn new(store: Store, signal: RelaySignal, notifier: Arc<dyn Notifier>, settings: WaitlistSettings) -> Self {
        Self { store, signal, notifier, settings }
    }

    /// Looks at every queue that is due and decides who is told; how many that were. Several processes may do this at once: a
    /// queue is looked at by one at a time.
    ///
    /// # Errors
    ///
    /// When the store fails; what was decided before stays so.
    pub async fn decide(&self) -> Result<u64, StoreError> {
        let mut notified = 0;
        if !waitlist::queue_is_due(&self.store).await? {
            return Ok(0);
        }
        while let Some(told) = transact(&self.store, &Look { waitlist: self }).await? {
            notified += told.notified;
            metrics::counter!("inventory_waitlist_notified_total").increment(told.notified);
            metrics::counter!("inventory_waitlist_lapsed_total").increment(told.lapsed);
            if told.notified > 0 {
                self.signal.ring();
            }
        }
        Ok(notified)
    }
}

struct Look<'a> {
    waitlist: &'a Waitlist,
}

impl Work for Look<'_> {
    type Output = Option<Told>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Self::Output, StoreError> {
        let Waitlist { store, settings, .. } = self.waitlist;
        waitlist::look(transaction, store, settings.offer_for).await
    }
}

/// Decides and delivers until `shutdown`.
pub async fn run_waitlist(waitlist: Waitlist, shutdown: CancellationToken) {
    let deciding = Box::pin(async {
        let mut pause = PAUSES.0;
        loop {
            match waitlist.decide().await {
                Ok(_) => {
                    pause = PAUSES.0;
                    sleep(LOOK_EVERY).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "those who wait could not be told");
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    });
    let delivering = Box::pin(waitlist.run_delivery(LOOK_EVERY));
    shutdown.run_until_cancelled(async { tokio::join!(deciding, delivering) }).await;
}
