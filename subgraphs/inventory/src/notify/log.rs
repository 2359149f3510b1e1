//! For development: says in the log what would be told.

use async_trait::async_trait;

use super::{Notifier, NotifyError};
use crate::domain::waitlist::Notice;

/// Tells nobody but the log, and there not who it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogNotifier;

#[async_trait]
impl Notifier for LogNotifier {
    async fn tell(&self, notice: &Notice) -> Result<(), NotifyError> {
        let Notice { id, sku, quantity, offer_expires_at, .. } = notice;
        tracing::info!(notice_id = id, sku, quantity, %offer_expires_at, "somebody who waited would be told");
        Ok(())
    }
}
