//! Carts, and orders: placed by a saga of durable steps, then sent, cancelled and taken back.
//!
//! Each step of placing an order is a transaction of its own that also writes which step is next, under a lease whose
//! number only grows: a process that lost its lease can finish nothing. The payment provider is asked between two
//! transactions, while nothing in the database is held. Whatever step a process dies in, another one does it again.

mod ask;
mod cart;
mod change;
mod checkout;
mod drive;
mod hook;
mod notice;
mod priced;
mod promise;
mod steps;
mod undo;

use std::{sync::Arc, time::Duration};

pub use cart::{CART_LINES_MAX, CART_QUANTITY_MAX, CartLine, NewCart};
pub use change::ChangeOrder;
pub use checkout::{Checkout, Delivery, Secret};
pub use drive::run_sagas;
pub use hook::{Moment, NoHook, SagaHook};
use tokio::sync::Notify;

use super::Commands;
use crate::{
    domain::order::{ByRules, ChannelGate},
    payment::PaymentProvider,
};

/// How patient the placing of orders is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderSettings {
    /// How long a process that says nothing keeps an order to itself. Longer than [`Self::provider_timeout`].
    pub lease: Duration,
    /// How long the payment provider may take to answer.
    pub provider_timeout: Duration,
    /// How long a payment may stay unanswered before the order is given up.
    pub payment_deadline: Duration,
    /// The pause before a step is tried again; each further one is up to twice as long.
    pub pause_base: Duration,
    /// No pause is longer.
    pub pause_max: Duration,
    /// How long a checkout waits for its order before it answers that it is pending.
    pub answer_within: Duration,
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(5),
            provider_timeout: Duration::from_secs(3),
            payment_deadline: Duration::from_secs(900),
            pause_base: Duration::from_millis(100),
            pause_max: Duration::from_secs(10),
            answer_within: Duration::from_secs(3),
        }
    }
}

/// Runs the commands of carts and orders, and the sagas behind them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orders {
    commands: Commands,
    provider: Option<Arc<dyn PaymentProvider>>,
    gate: Arc<dyn ChannelGate>,
    hook: Arc<dyn SagaHook>,
    settings: OrderSettings,
    owner: Arc<str>,
    wake: Arc<Notify>,
}

impl Orders {
    /// Orders over `commands` that are paid through `provider`; without one nothing can be ordered.
    #[must_use]
    pub fn new(commands: Commands, provider: Option<Arc<dyn PaymentProvider>>) -> Self {
        Self {
            commands,
            provider,
            gate: Arc::new(ByRules),
            hook: Arc::new(NoHook),
            settings: OrderSettings::default(),
            owner: uuid::Uuid::now_v7().to_string().into(),
            wake: Arc::new(Notify::new()),
        }
    }

    /// The same with another gate in front of the channels.
    #[must_use]
    pub fn with_gate(self, gate: Arc<dyn ChannelGate>) -> Self {
        Self { gate, ..self }
    }

    /// The same, told of every moment of a saga.
    #[must_use]
    pub fn with_hook(self, hook: Arc<dyn SagaHook>) -> Self {
        Self { hook, ..self }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_settings(self, settings: OrderSettings) -> Self {
        Self { settings, ..self }
    }
}
