//! Looks at how a trip of a layer ended.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;

use super::{SubgraphResponse, TransportError};

type Answered = Result<SubgraphResponse, TransportError>;

/// Wants to know how a trip ended. One that is abandoned drops it instead.
pub(super) trait Ending {
    /// The trip ended so.
    fn end(&mut self, result: &Answered);
}

pin_project! {
    /// An answer that tells an [`Ending`] what it is.
    pub(super) struct Ended<F, E> {
        ending: E,
        #[pin]
        answer: F,
    }
}

impl<F, E> Ended<F, E> {
    pub(super) const fn new(answer: F, ending: E) -> Self {
        Self { ending, answer }
    }
}

impl<F: Future<Output = Answered>, E: Ending> Future for Ended<F, E> {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answered> {
        let this = self.project();
        let result = ready!(this.answer.poll(context));
        this.ending.end(&result);
        Poll::Ready(result)
    }
}
