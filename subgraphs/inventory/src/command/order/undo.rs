//! The steps back: stock first, since others wait for it, then money.

use super::{
    ask::Told,
    drive::{Progress, StepRun},
    promise::free_promises,
    steps::give_back,
};
use crate::{
    domain::order::{OrderStatus, Outcome},
    payment::{PaymentState, RefundState},
    store::{
        StoreError,
        ledger::{append, refresh_badges},
        levels::{Which, load},
        orders::{
            carts::{self, OPEN},
            payments::{self, DECLINED, PENDING, REFUND, REFUNDED, VOIDED},
        },
        reservations::{self, ACTIVE, RELEASED, ReservationWithLines},
    },
};

impl StepRun<'_> {
    /// Gives the pieces back and ends the order. One that failed gives its cart back too, so that the customer can try
    /// again.
    pub(super) async fn undo_hold(&mut self) -> Result<Progress, StoreError> {
        let held = match self.order.order.reservation_id.clone() {
            Some(id) => reservations::lock(self.transaction, &id).await?,
            None => None,
        };
        self.free(held.filter(|held| held.reservation.status == ACTIVE)).await?;
        let has_failed = self.order.order.failure_code.is_some();
        let status = if has_failed { OrderStatus::Failed } else { OrderStatus::Cancelled };
        status.as_str().clone_into(&mut self.order.order.status);
        self.order.order.cancelled_at = Some(self.now);
        if has_failed {
            carts::set_status(self.transaction, &self.order.order.cart_id, OPEN, self.now).await?;
        }
        let detail = self.order.order.failure_code.clone();
        self.order.record(self.transaction, (status.as_str(), detail), self.now).await?;
        let outcome = if has_failed { "failed" } else { "cancelled" };
        metrics::counter!("inventory_orders_given_up_total", "outcome" => outcome).increment(1);
        Ok(Progress::To(Outcome::Done))
    }

    /// Gives back what is held and frees what is promised.
    async fn free(&mut self, held: Option<ReservationWithLines>) -> Result<(), StoreError> {
        let held: Vec<ReservationWithLines> = held.into_iter().collect();
        let lines = held.iter().flat_map(|held| held.lines.iter().map(|line| line.variant_id.clone()));
        let mut variant_ids: Vec<String> = lines.collect();
        variant_ids.extend(self.order.promises.iter().map(|promise| promise.variant_id.clone()));
        let mut loaded = load(self.transaction, Which::Ids(&variant_ids), &[]).await?;
        let (entries, _) = give_back(&loaded, &held)?;
        let note = self.note("order given up");
        free_promises(self.transaction, &mut loaded, self.order, &note).await?;
        let threshold = self.orders.commands.low_stock_threshold;
        append(self.transaction, &mut loaded, &entries, &note, threshold).await?;
        refresh_badges(self.transaction, &mut loaded, threshold, &note.correlation_id).await?;
        let ended: Vec<String> = held.into_iter().map(|held| held.reservation.id).collect();
        if ended.is_empty() {
            return Ok(());
        }
        reservations::end(self.transaction, &ended, RELEASED, self.now).await
    }

    /// Lets the payment go, or begins to give it back when it was taken. Tries until it knows.
    pub(super) async fn undo_payment(&mut self, told: &Told) -> Result<Progress, StoreError> {
        // Without a payment nothing was ever asked for.
        let Told::Payment(payment, answer) = told else { return Ok(Progress::To(Outcome::Done)) };
        match answer {
            Ok(PaymentState::Voided | PaymentState::Declined { .. }) => {
                let was_promised = std::mem::take(&mut self.order.order.authorized_minor) > 0;
                if was_promised || payment.status != DECLINED {
                    payments::settle(self.transaction, &payment.id, (VOIDED, None), self.now).await?;
                    self.order.record(self.transaction, ("PAYMENT_VOIDED", None), self.now).await?;
                }
                Ok(Progress::To(Outcome::Done))
            }
            Ok(PaymentState::Captured) => {
                self.captured(payment).await?;
                let owed = (payment.amount_minor, "the order was not placed");
                let owes = payments::owe(self.transaction, self.order, owed, self.now).await?;
                self.order.record(self.transaction, ("PAID_AFTER_ALL", None), self.now).await?;
                Ok(Progress::To(if owes { Outcome::Owing } else { Outcome::Done }))
            }
            Ok(PaymentState::Pending | PaymentState::Authorized) | Err(_) => Ok(Progress::Later),
        }
    }

    /// Gives back what is owed, one sum after the other.
    pub(super) async fn refund(&mut self, told: &Told) -> Result<Progress, StoreError> {
        match told {
            Told::Refund(row, Ok(RefundState::Refunded)) => {
                payments::settle(self.transaction, &row.id, (REFUNDED, None), self.now).await?;
                self.order.order.refunded_minor += row.amount_minor;
                self.order.record(self.transaction, ("REFUNDED", None), self.now).await?;
            }
            Told::Refund(row, Ok(RefundState::Declined { reason })) => {
                let settled = (DECLINED, Some(reason.clone()));
                payments::settle(self.transaction, &row.id, settled, self.now).await?;
                self.order.record(self.transaction, ("REFUND_DECLINED", Some(reason.clone())), self.now).await?;
            }
            Told::Refund(..) | Told::Payment(..) => return Ok(Progress::Later),
            Told::Nothing => {}
        }
        let rows = payments::of_order(self.transaction, &self.order.order.id).await?;
        let is_owing = rows.iter().any(|row| row.kind == REFUND && row.status == PENDING);
        Ok(if is_owing { Progress::More } else { Progress::To(Outcome::Done) })
    }
}
