//! Hearing of a payment from its provider.

use sea_orm::{DatabaseTransaction, EntityTrait};

use super::Orders;
use crate::{
    domain::order::{OrderStatus, Step},
    entity::order_payment,
    payment::PaymentNotice,
    store::{
        StoreError, now,
        orders::{payments, rows, saga},
        transact::{Work, transact},
    },
};

impl Orders {
    /// Hears that a payment changed: its order looks at once what became of it. A notice that was heard before, or is of
    /// no payment of ours, does nothing; gives whether it did.
    ///
    /// # Errors
    ///
    /// When the store fails; then it was not heard.
    pub async fn hear(&self, notice: &PaymentNotice) -> Result<bool, StoreError> {
        let is_new = transact(&self.commands.store, &Hear { notice }).await?;
        if is_new {
            self.wake.notify_one();
        }
        Ok(is_new)
    }

    /// Hears what the provider has for us.
    pub(super) async fn fetch_notices(&self) {
        let Some(provider) = &self.provider else { return };
        let notices = match provider.notices().await {
            Ok(notices) => notices,
            Err(error) => return tracing::warn!(%error, "notices of payments could not be fetched"),
        };
        for notice in notices {
            if let Err(error) = self.hear(&notice).await {
                tracing::warn!(%error, notice_id = notice.id, "a notice of a payment was not heard");
            }
        }
    }
}

struct Hear<'a> {
    notice: &'a PaymentNotice,
}

impl Work for Hear<'_> {
    type Output = bool;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<bool, StoreError> {
        let found = order_payment::Entity::find_by_id(self.notice.payment_key.as_str()).one(transaction).await?;
        let Some(payment) = found else { return Ok(false) };
        let now = now::read(transaction).await?;
        let Some(order) = rows::lock(transaction, &payment.order_id).await? else { return Ok(false) };
        if !payments::hear(transaction, &self.notice.id, now).await? {
            return Ok(false);
        }
        let mut saga = saga::lock(transaction, &payment.order_id).await?;
        let ended = [OrderStatus::Failed, OrderStatus::Cancelled].map(OrderStatus::as_str);
        match saga::step_of(&saga)? {
            // A payment that was answered after its order was given up: let it go, or give it back.
            Step::Done if ended.contains(&order.order.status.as_str()) => {
                saga::redirect(transaction, &mut saga, Step::UndoPayment, now).await?;
            }
            Step::Done => {}
            _ => {
                saga.next_attempt_at = now;
                saga::save(transaction, &mut saga).await?;
            }
        }
        Ok(true)
    }
}
