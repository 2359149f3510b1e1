//! The holder's end of one subscription.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::Stream;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    super::TransportError,
    buffer::Buffer,
    operations::Command,
    pool::{Place, Pool},
};

/// Yields the events of one subscription; dropping it ends the subscription.
pub(super) struct Operation {
    pub(super) id: u64,
    pub(super) buffer: Arc<Buffer>,
    pub(super) commands: UnboundedSender<Command>,
    pub(super) place: Place,
    pub(super) pool: Arc<Pool>,
}

impl Operation {
    /// Waits until something is heard of it, or for so long.
    ///
    /// # Errors
    ///
    /// When what is heard is that it was refused.
    pub(super) async fn begun(&self, within: Duration) -> Result<(), TransportError> {
        let begun = poll_fn(|context| self.buffer.poll_begun(context));
        tokio::time::timeout(within, begun).await.unwrap_or(Ok(()))
    }
}

impl Stream for Operation {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.buffer.poll_next(context)
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.pool.leave(&self.place);
        // Fails only when the connection is gone, and the subscription with it.
        let _ = self.commands.send(Command::End { id: self.id });
    }
}
