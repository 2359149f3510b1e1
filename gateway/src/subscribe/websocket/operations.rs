//! The operations that run on one connection.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{AbortHandle, BoxFuture, abortable},
    stream::FuturesUnordered,
};

use super::super::{Caller, Delivery, Mailbox, RunOperation, Running, SubscriptionId, Ticket};
use crate::{error::GraphqlError, request::GraphqlRequest};

/// What an operation has for its client.
pub(super) enum Output {
    Next(Bytes),
    Errors(Vec<GraphqlError>),
    Complete,
}

/// How an operation came out; `None` when it was stopped before.
type Started = Option<Result<Running, Vec<GraphqlError>>>;

/// Operations that are being started.
type Starting = FuturesUnordered<BoxFuture<'static, (SubscriptionId, Started)>>;

/// One operation.
struct Operation {
    number: SubscriptionId,
    id: Arc<str>,
    state: State,
}

enum State {
    Starting(AbortHandle),
    /// A stream, which is left when this is dropped.
    Listening {
        _ticket: Ticket,
    },
    /// It has been answered.
    Answered,
}

/// The running operations; dropping it ends them all. Their streams share one mailbox, so that a connection with many
/// of them is woken and read as one.
#[derive(Default)]
pub(super) struct Operations {
    mailbox: Arc<Mailbox>,
    /// In order of their numbers.
    all: Vec<Operation>,
    /// Those that are being started; `None` most of the time.
    starting: Option<Box<Starting>>,
    next_number: SubscriptionId,
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let State::Starting(starting) = &self.state {
            starting.abort();
        }
    }
}

impl Operations {
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether an operation runs under `id`.
    pub(super) fn runs(&self, id: &str) -> bool {
        self.all.iter().any(|operation| *operation.id == *id)
    }

    /// Starts `request` under `id`, which no other operation has.
    pub(super) fn start(
        &mut self,
        id: String,
        request: GraphqlRequest,
        caller: Caller,
        runner: &Arc<dyn RunOperation>,
    ) {
        let number = self.next_number;
        // Numbers come again after four billion operations of one connection, when the first have long ended.
        self.next_number = self.next_number.wrapping_add(1);
        let running = runner.run(request, caller, (Arc::clone(&self.mailbox), number));
        let (running, handle) = abortable(running);
        self.all.push(Operation { number, id: id.into(), state: State::Starting(handle) });
        let starting = self.starting.get_or_insert_default();
        starting.push(running.map(move |started| (number, started.ok())).boxed());
    }

    /// Ends the operation `id`; it yields nothing more. Whether it ran.
    pub(super) fn stop(&mut self, id: &str) -> bool {
        let found = self.all.iter().position(|operation| *operation.id == *id);
        found.map(|at| self.all.remove(at)).inspect(|operation| self.mailbox.forget(operation.number)).is_some()
    }

    /// The next output of any operation.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(Arc<str>, Output)> {
        while let Some(starting) = &mut self.starting {
            match starting.poll_next_unpin(context) {
                Poll::Ready(Some((number, Some(started)))) => {
                    if let Some(refused) = self.take_started(number, started) {
                        return Poll::Ready(refused);
                    }
                }
                Poll::Ready(Some((_, None))) => {}
                Poll::Ready(None) => self.starting = None,
                Poll::Pending => break,
            }
        }
        loop {
            let Poll::Ready(delivery) = self.mailbox.poll_next(context) else { return Poll::Pending };
            if let Some(output) = self.output(delivery) {
                return Poll::Ready(output);
            }
        }
    }

    /// An output that is ready by now, of those that run.
    pub(super) fn take(&mut self) -> Option<(Arc<str>, Output)> {
        loop {
            let delivery = self.mailbox.take()?;
            if let Some(output) = self.output(delivery) {
                return Some(output);
            }
        }
    }

    /// What a delivery is to its client; nothing, if what it is of has been stopped.
    fn output(&mut self, (number, delivery): (SubscriptionId, Delivery)) -> Option<(Arc<str>, Output)> {
        let at = self.find(number)?;
        match delivery {
            Delivery::Next(response) => Some((Arc::clone(&self.all.get(at)?.id), Output::Next(response))),
            Delivery::End => Some((Arc::clone(&self.all.remove(at).id), Output::Complete)),
        }
    }

    /// Takes an operation that has started; one that was refused is over.
    fn take_started(
        &mut self,
        number: SubscriptionId,
        started: Result<Running, Vec<GraphqlError>>,
    ) -> Option<(Arc<str>, Output)> {
        let at = self.find(number)?;
        match started {
            Ok(Running::Stream(ticket)) => self.all.get_mut(at)?.state = State::Listening { _ticket: ticket },
            Ok(Running::Single(response)) => {
                self.all.get_mut(at)?.state = State::Answered;
                self.mailbox.push(number, None, response, usize::MAX);
                self.mailbox.end(number);
            }
            Err(errors) => return Some((Arc::clone(&self.all.remove(at).id), Output::Errors(errors))),
        }
        None
    }

    fn find(&self, number: SubscriptionId) -> Option<usize> {
        self.all.binary_search_by_key(&number, |operation| operation.number).ok()
    }
}
