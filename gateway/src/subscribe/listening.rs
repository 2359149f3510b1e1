//! A subscription that is streamed over HTTP, until it is done or has to end.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use rand::Rng;
use tokio_util::sync::CancellationToken;

use super::Subscription;
use crate::{
    error::GraphqlError,
    respond::{StreamEnd, Streamed},
};

/// What ends a stream that the client would still listen to.
pub struct Ends {
    /// How long the caller may still act; `None` is without end.
    pub time_left: Option<Duration>,
    /// Cancelled when the gateway stops.
    pub shutdown: CancellationToken,
    /// Over which time streams then end, each at a random moment.
    pub drain: Duration,
}

impl Ends {
    async fn first(self) -> StreamEnd {
        tokio::select! {
            () = expiry(self.time_left) => expired(),
            end = leave(self.shutdown, self.drain) => end,
        }
    }
}

/// Waits until the gateway stops, and then for a moment of its own.
pub(super) async fn leave(shutdown: CancellationToken, drain: Duration) -> StreamEnd {
    shutdown.cancelled().await;
    let moment = drain.mul_f64(rand::rng().random_range(0.0..1.0));
    tokio::time::sleep(moment).await;
    StreamEnd::Leaving(GraphqlError::new("GATEWAY_SHUTTING_DOWN", "the gateway is shutting down; subscribe again"))
}

async fn expiry(time_left: Option<Duration>) {
    match time_left {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}

fn expired() -> StreamEnd {
    StreamEnd::Failed(GraphqlError::new("TOKEN_EXPIRED", "the token has expired; subscribe again with a new one"))
}

/// The steps of a subscription: its responses, and why it ends. Nothing follows the end.
pub struct Listening {
    subscription: Option<Subscription>,
    ending: BoxFuture<'static, StreamEnd>,
}

impl Listening {
    /// Listens until one of `ends`.
    #[must_use]
    pub fn until(subscription: Subscription, ends: Ends) -> Self {
        Self { subscription: Some(subscription), ending: ends.first().boxed() }
    }

    /// Listens until the caller may act no longer.
    #[must_use]
    pub fn while_allowed(subscription: Subscription, time_left: Option<Duration>) -> Self {
        Self { subscription: Some(subscription), ending: expiry(time_left).map(|()| expired()).boxed() }
    }
}

impl Stream for Listening {
    type Item = Streamed;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Streamed>> {
        let this = &mut *self;
        let Some(subscription) = &mut this.subscription else { return Poll::Ready(None) };
        let end = match this.ending.poll_unpin(context) {
            Poll::Ready(end) => end,
            Poll::Pending => match subscription.poll_next_unpin(context) {
                Poll::Ready(Some(response)) => return Poll::Ready(Some(Streamed::Next(response))),
                Poll::Ready(None) => StreamEnd::Complete,
                Poll::Pending => return Poll::Pending,
            },
        };
        // Its upstream must not wait for the client to take the end.
        this.subscription = None;
        Poll::Ready(Some(Streamed::End(end)))
    }
}
