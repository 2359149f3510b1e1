//! One client's end of a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, ready};

use super::{
    limits::Permit,
    mailbox::{Delivery, Mailbox},
    sink::Sink,
};

/// What leaves a stream: the stream, and what it knows the client by.
pub(super) type Leave = Box<dyn FnOnce() + Send + Sync>;

/// A place in a stream; dropping it leaves the stream, and the last one to leave ends its upstream.
pub struct Ticket {
    sink: Arc<Sink>,
    leave: Option<Leave>,
    permit: Option<Permit>,
}

impl Ticket {
    pub(super) fn new(sink: Arc<Sink>, leave: Leave) -> Self {
        metrics::gauge!("selvedge_subscriptions").increment(1.0);
        Self { sink, leave: Some(leave), permit: None }
    }

    /// Counts against the limits for as long as it lasts.
    #[must_use]
    pub fn holding(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        metrics::gauge!("selvedge_subscriptions").decrement(1.0);
        self.sink.close();
        if let Some(leave) = self.leave.take() {
            leave();
        }
    }
}

/// A stream with a mailbox of its own. Yields encoded GraphQL responses; dropping it leaves the stream.
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    ticket: Ticket,
    has_ended: bool,
}

impl Subscription {
    /// The stream of `ticket`, which is the only one whose responses go into `mailbox`.
    #[must_use]
    pub const fn new(mailbox: Arc<Mailbox>, ticket: Ticket) -> Self {
        Self { mailbox, ticket, has_ended: false }
    }

    /// Counts against the limits for as long as it lasts.
    #[must_use]
    pub fn holding(mut self, permit: Permit) -> Self {
        self.ticket = self.ticket.holding(permit);
        self
    }
}

impl Stream for Subscription {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        match ready!(self.mailbox.poll_next(context)) {
            (_, Delivery::Next(response)) => Poll::Ready(Some(response)),
            (_, Delivery::End) => {
                self.has_ended = true;
                Poll::Ready(None)
            }
        }
    }
}
