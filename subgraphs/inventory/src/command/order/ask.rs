//! What is asked of the payment provider, while nothing in the database is held.

use std::{future::Future, time::Duration};

use super::{Moment, Orders};
use crate::{
    domain::order::Step,
    entity::order_payment,
    payment::{Charge, PaymentProvider, PaymentState, ProviderError, Refund, RefundState},
    store::{
        StoreError,
        orders::{
            payments::{self, CHARGE, PENDING, REFUND},
            saga::Lease,
        },
    },
};

/// What the provider said.
#[derive(Debug)]
pub(super) enum Told {
    /// This step asks nothing, or there is nothing to ask about.
    Nothing,
    /// Of the payment.
    Payment(order_payment::Model, Result<PaymentState, ProviderError>),
    /// Of money that goes back.
    Refund(order_payment::Model, Result<RefundState, ProviderError>),
}

impl Orders {
    pub(super) async fn ask(&self, lease: &Lease) -> Result<Told, StoreError> {
        let step = lease.step;
        if !matches!(step, Step::Authorize | Step::Capture | Step::UndoPayment | Step::Refund) {
            return Ok(Told::Nothing);
        }
        let rows = payments::of_order(self.commands.store.reader(), &lease.saga.order_id).await?;
        let charge = rows.iter().find(|row| row.kind == CHARGE).cloned();
        let refund = rows.into_iter().find(|row| row.kind == REFUND && row.status == PENDING);
        let Some(charge) = charge else { return Ok(Told::Nothing) };
        let Some(provider) = self.provider.as_deref() else {
            let away = ProviderError::Unavailable { reason: "no payment provider is set up".to_owned() };
            return Ok(Told::Payment(charge, Err(away)));
        };
        self.pass(step, Moment::BeforeCall)?;
        let told = match (step, refund) {
            (Step::Refund, None) => Told::Nothing,
            (Step::Refund, Some(row)) => {
                let refund = Refund { key: row.id.clone(), payment_key: charge.id, amount_minor: row.amount_minor };
                let answer = self.within(provider.refund(&refund)).await;
                Told::Refund(row, answer)
            }
            (Step::Capture, _) => {
                let answer = self.within(provider.capture(&charge.id)).await;
                Told::Payment(charge, answer)
            }
            (Step::UndoPayment, _) => {
                let answer = self.within(provider.void(&charge.id)).await;
                Told::Payment(charge, answer)
            }
            _ => {
                let answer = self.have_promised(provider, lease, &charge).await;
                Told::Payment(charge, answer)
            }
        };
        self.pass(step, Moment::AfterCall)?;
        Ok(told)
    }

    /// Asks what became of an earlier call first, if there may have been one; the key keeps the charge one charge anyway.
    async fn have_promised(
        &self,
        provider: &dyn PaymentProvider,
        lease: &Lease,
        row: &order_payment::Model,
    ) -> Result<PaymentState, ProviderError> {
        if lease.saga.attempts > 0
            && let Some(state) = self.within(provider.status(&row.id)).await?
        {
            return Ok(state);
        }
        let charge = Charge {
            key: row.id.clone(),
            order_id: row.order_id.clone(),
            amount_minor: row.amount_minor,
            currency: row.currency.clone(),
            payment_method: lease.saga.payment_method.clone().unwrap_or_default(),
        };
        self.within(provider.authorize(&charge)).await
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
        let limit: Duration = self.settings.provider_timeout;
        let timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let answer = tokio::time::timeout(limit, call).await.unwrap_or(Err(ProviderError::TimedOut { timeout_ms }));
        let outcome = if answer.is_ok() { "answered" } else { "failed" };
        metrics::counter!("inventory_payment_calls_total", "outcome" => outcome).increment(1);
        answer
    }
}
