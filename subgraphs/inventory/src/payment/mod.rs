//! How money is taken and given back: the port that a payment provider is connected to, and a provider for tests.
//!
//! Every call carries a key, and the provider does what it asks once per key, however often it hears it. That is what
//! makes a call whose answer was lost safe to repeat.

mod test_provider;

use std::fmt;

use async_trait::async_trait;

pub use test_provider::TestProvider;

/// What the provider knows of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// It has not decided yet.
    Pending,
    /// The money is promised.
    Authorized,
    /// The money was taken.
    Captured,
    /// It was let go, and can never be taken.
    Voided,
    /// It was refused.
    Declined {
        /// The provider's word for it, such as `insufficient_funds`.
        reason: String,
    },
}

/// What the provider knows of money that shall go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// It has not decided yet.
    Pending,
    /// It is on its way to the customer.
    Refunded,
    /// It was refused.
    Declined {
        /// The provider's word for it.
        reason: String,
    },
}

/// A payment to be promised.
#[derive(Clone)]
pub struct Charge {
    /// Once per key.
    pub key: String,
    /// The order, for the provider's own records.
    pub order_id: String,
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// The token that the provider gave the customer for the way to pay.
    pub payment_method: String,
}

impl fmt::Debug for Charge {
    /// Without the token, which is as good as money.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, order_id, amount_minor, currency, payment_method: _ } = self;
        write!(formatter, "Charge {{ key: {key}, order_id: {order_id}, amount: {amount_minor} {currency} }}")
    }
}

/// Money that shall go back.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Once per key.
    pub key: String,
    /// The key of the payment.
    pub payment_key: String,
    /// In minor units.
    pub amount_minor: i64,
}

/// Something that the provider wants to be heard: a payment changed. What it became is asked, not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNotice {
    /// The provider's id of this notice.
    pub id: String,
    /// The key of the payment.
    pub payment_key: String,
}

/// There is no answer; the provider may have done it or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It said that it could not.
    #[error("the payment provider is away: {reason}")]
    Unavailable {
        /// What it said.
        reason: String,
    },
    /// It said nothing.
    #[error("the payment provider did not answer within {timeout_ms} ms")]
    TimedOut {
        /// How long it was waited for.
        timeout_ms: u64,
    },
}

/// Takes money and gives it back.
#[async_trait]
pub trait PaymentProvider: Send + Sync + fmt::Debug {
    /// Has the money promised.
    async fn authorize(&self, charge: &Charge) -> Result<PaymentState, ProviderError>;

    /// Takes promised money, all of it.
    async fn capture(&self, key: &str) -> Result<PaymentState, ProviderError>;

    /// Lets promised money go. A key that was never heard of counts as let go from now on: should the call that was to
    /// have it promised still be on its way, it must be refused. (With a provider that makes a payment before it is
    /// confirmed, that is: make it under this key, and cancel it.) Of one that was taken, says so and changes nothing.
    async fn void(&self, key: &str) -> Result<PaymentState, ProviderError>;

    /// Gives money back.
    async fn refund(&self, refund: &Refund) -> Result<RefundState, ProviderError>;

    /// What became of the payment; `None` when the provider never heard of it.
    async fn status(&self, key: &str) -> Result<Option<PaymentState>, ProviderError>;

    /// Notices that wait to be fetched. A provider that brings them itself has none.
    async fn notices(&self) -> Result<Vec<PaymentNotice>, ProviderError> {
        Ok(Vec::new())
    }
}
