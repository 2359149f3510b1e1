//! Telling customers: the port, a signed webhook, and one that only logs.

mod log;
mod sign;
mod webhook;

use async_trait::async_trait;

pub use self::{
    log::LogNotifier,
    sign::{signature, verify},
    webhook::{WebhookError, WebhookNotifier},
};
use crate::domain::waitlist::Notice;

/// Why a customer could not be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// It may work later.
    #[error("{reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// It never will.
    #[error("refused: {reason}")]
    Refused {
        /// Why.
        reason: String,
    },
}

/// Tells customers, by mail or however the shop does.
#[async_trait]
pub trait Notifier: Send + Sync + std::fmt::Debug {
    /// Hands `notice` on; it is durable elsewhere when this gives `Ok`. The same notice may come again.
    ///
    /// # Errors
    ///
    /// When it was not taken, and whether trying again can help.
    async fn tell(&self, notice: &Notice) -> Result<(), NotifyError>;
}
