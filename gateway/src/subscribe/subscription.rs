//! One client's end of a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;

use super::{limits::Permit, queue::ClientQueue};

/// Yields encoded GraphQL responses; dropping it leaves the stream, and the last one to leave ends its upstream.
pub struct Subscription {
    queue: Arc<ClientQueue>,
    on_drop: Option<Box<dyn FnOnce() + Send + Sync>>,
    permit: Option<Permit>,
}

impl Subscription {
    pub(super) fn new(queue: Arc<ClientQueue>, on_drop: impl FnOnce() + Send + Sync + 'static) -> Self {
        metrics::gauge!("selvedge_subscriptions").increment(1.0);
        Self { queue, on_drop: Some(Box::new(on_drop)), permit: None }
    }

    /// Counts against the limits for as long as it lasts.
    #[must_use]
    pub fn holding(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.queue.poll_next(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        metrics::gauge!("selvedge_subscriptions").decrement(1.0);
        if let Some(leave) = self.on_drop.take() {
            leave();
        }
    }
}
