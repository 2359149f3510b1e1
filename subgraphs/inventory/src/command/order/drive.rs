//! Driving sagas: take a lease, do step after step, let go.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Moment, Orders, ask::Told, checkout::delta};
use crate::{
    domain::order::{Outcome, Step},
    entity::order_saga,
    store::{
        StoreError, now,
        orders::{
            OrderRows, rows,
            saga::{self, Lease, Wanted},
        },
        transact::{Work, transact},
    },
};

/// Sagas that one process works on at once.
const AT_ONCE: usize = 16;

/// What one step in its transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is done; what is next follows from how.
    To(Outcome),
    /// There is more to do in the same step.
    More,
    /// It has to be tried again, later.
    Later,
}

/// Where a saga stands after a step.
enum After {
    /// It goes on under the same lease.
    Going(Box<Lease>),
    /// It rests until it is due again, or for good.
    Resting,
    /// The lease is no longer ours.
    Lost,
}

/// Works on sagas that are due until `shutdown`, looking at least every `pause`.
pub async fn run_sagas(orders: Orders, pause: Duration, shutdown: CancellationToken) {
    let mut working = JoinSet::new();
    while !shutdown.is_cancelled() {
        orders.fetch_notices().await;
        while working.len() < AT_ONCE {
            match orders.take(Wanted::Due).await {
                Ok(Some(lease)) => {
                    let orders = orders.clone();
                    working.spawn(async move { orders.work(lease).await });
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "orders that are being placed could not be looked for");
                    break;
                }
            }
        }
        let pausing = async {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = orders.wake.notified() => {}
                Some(_) = working.join_next() => {}
            }
        };
        shutdown.run_until_cancelled(pausing).await;
    }
    // What is in the middle of a step is done again by whoever comes next.
    working.shutdown().await;
}

impl Orders {
    /// Works on the order now, if it is due and nobody else does, until it rests.
    ///
    /// # Errors
    ///
    /// When the store fails; the order is left to whoever looks next.
    pub async fn drive(&self, order_id: &str) -> Result<(), StoreError> {
        match self.take(Wanted::Order(order_id)).await? {
            Some(lease) => self.run(lease).await,
            None => Ok(()),
        }
    }

    async fn work(&self, lease: Lease) {
        let order_id = lease.saga.order_id.clone();
        if let Err(error) = self.run(lease).await {
            tracing::warn!(%error, order_id, "a step of an order is left to be done again");
        }
    }

    async fn take(&self, wanted: Wanted<'_>) -> Result<Option<Lease>, StoreError> {
        if matches!(wanted, Wanted::Due) && !saga::any_due(&self.commands.store).await? {
            return Ok(None);
        }
        transact(&self.commands.store, &Take { orders: self, wanted }).await
    }

    async fn run(&self, mut lease: Lease) -> Result<(), StoreError> {
        loop {
            let step = lease.step;
            self.pass(step, Moment::Begun)?;
            let told = self.ask(&lease).await?;
            let work = StepWork { orders: self, lease: &lease, told: &told };
            let after = transact(&self.commands.store, &work).await?;
            self.pass(step, Moment::AfterCommit)?;
            self.commands.signal.ring();
            metrics::counter!("inventory_order_steps_total", "step" => step.as_str()).increment(1);
            lease = match after {
                After::Going(lease) => *lease,
                After::Resting | After::Lost => return Ok(()),
            };
        }
    }
}

struct Take<'a> {
    orders: &'a Orders,
    wanted: Wanted<'a>,
}

impl Work for Take<'_> {
    type Output = Option<Lease>;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<Option<Lease>, StoreError> {
        let lease = (&*self.orders.owner, delta(self.orders.settings.lease));
        saga::claim(transaction, self.wanted, lease).await
    }
}

struct StepWork<'a> {
    orders: &'a Orders,
    lease: &'a Lease,
    told: &'a Told,
}

impl Work for StepWork<'_> {
    type Output = After;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<After, StoreError> {
        let order_id = self.lease.saga.order_id.as_str();
        let Some(mut order) = rows::lock(transaction, order_id).await? else { return Ok(After::Lost) };
        let mut saga = saga::lock(transaction, order_id).await?;
        if !saga::holds(self.lease, &saga) {
            return Ok(After::Lost);
        }
        let now = now::read(transaction).await?;
        let mut step = StepRun { orders: self.orders, transaction, order: &mut order, saga: &saga, now };
        let progress = step.perform((self.lease.step, self.told)).await?;
        if progress == Progress::To(Outcome::Refused) {
            let code = order.order.failure_code.clone();
            order.record(transaction, ("REFUSED", code), now).await?;
        }
        let after = self.advance(&mut saga, progress, now)?;
        saga::save(transaction, &mut saga).await?;
        self.orders.pass(self.lease.step, Moment::BeforeCommit)?;
        Ok(after)
    }
}

impl StepWork<'_> {
    fn advance(
        &self,
        saga: &mut order_saga::Model,
        progress: Progress,
        now: DateTime<Utc>,
    ) -> Result<After, StoreError> {
        let step = match progress {
            Progress::To(outcome) => self.lease.step.after(outcome),
            Progress::More | Progress::Later => self.lease.step,
        };
        step.as_str().clone_into(&mut saga.step);
        if progress == Progress::Later || step == Step::Done {
            saga.lease_owner = None;
            saga.leased_until = None;
            saga.next_attempt_at = now + delta(self.orders.pause_after(saga.attempts));
            return Ok(After::Resting);
        }
        saga.attempts = 0;
        saga.leased_until = Some(now + delta(self.orders.settings.lease));
        Ok(After::Going(Box::new(Lease { step: saga::step_of(saga)?, saga: saga.clone() })))
    }
}

impl Orders {
    /// Up to twice as long with each attempt, and never the same for two orders.
    fn pause_after(&self, attempts: i32) -> Duration {
        let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
        let longest = self.settings.pause_base.saturating_mul(1 << doublings).min(self.settings.pause_max);
        longest.mul_f64(rand::random_range(0.5..=1.0))
    }
}

/// One step within its transaction: order and saga are locked, and the lease holds.
pub(super) struct StepRun<'a> {
    pub(super) orders: &'a Orders,
    pub(super) transaction: &'a DatabaseTransaction,
    pub(super) order: &'a mut OrderRows,
    pub(super) saga: &'a order_saga::Model,
    pub(super) now: DateTime<Utc>,
}

impl StepRun<'_> {
    async fn perform(&mut self, (step, told): (Step, &Told)) -> Result<Progress, StoreError> {
        match step {
            Step::Reserve => self.reserve().await,
            Step::Price => self.price().await,
            Step::Authorize => self.authorize(told).await,
            Step::Capture => self.capture(told).await,
            Step::Confirm => self.confirm().await,
            Step::UndoHold => self.undo_hold().await,
            Step::UndoPayment => self.undo_payment(told).await,
            Step::Refund => self.refund(told).await,
            Step::Done => Ok(Progress::To(Outcome::Done)),
        }
    }
}
