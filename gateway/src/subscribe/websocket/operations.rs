//! The operations that run on one connection.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use futures::{
    FutureExt, Stream, StreamExt,
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll, abortable},
};

use super::super::{Caller, RunOperation, Running};
use crate::{error::GraphqlError, request::GraphqlRequest};

/// What an operation has for its client.
pub(super) enum Output {
    Next(Bytes),
    Errors(Vec<GraphqlError>),
    Complete,
}

/// The running operations by id; dropping it ends them all.
#[derive(Default)]
pub(super) struct Operations {
    running: SelectAll<BoxStream<'static, (Arc<str>, Output)>>,
    by_id: HashMap<Arc<str>, AbortHandle>,
}

impl Drop for Operations {
    fn drop(&mut self) {
        self.by_id.values().for_each(AbortHandle::abort);
    }
}

impl Operations {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether an operation runs under `id`.
    pub(super) fn runs(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Starts `request` under `id`, which no other operation has.
    pub(super) fn start(
        &mut self,
        id: String,
        request: GraphqlRequest,
        caller: Caller,
        runner: &Arc<dyn RunOperation>,
    ) {
        let id: Arc<str> = id.into();
        let outputs = runner.run(request, caller).map(outputs).flatten_stream();
        let (outputs, handle) = abortable(outputs);
        self.by_id.insert(Arc::clone(&id), handle);
        self.running.push(outputs.map(move |output| (Arc::clone(&id), output)).boxed());
    }

    /// Ends the operation `id`; it yields nothing more. Whether it ran.
    pub(super) fn stop(&mut self, id: &str) -> bool {
        self.by_id.remove(id).inspect(AbortHandle::abort).is_some()
    }

    /// The next output of any operation. Never resolves without operations.
    pub(super) async fn next(&mut self) -> (Arc<str>, Output) {
        loop {
            match self.running.next().await {
                Some((id, output)) => {
                    if !matches!(output, Output::Next(_)) {
                        self.by_id.remove(&id);
                    }
                    return (id, output);
                }
                None => std::future::pending::<()>().await,
            }
        }
    }
}

fn outputs(started: Result<Running, Vec<GraphqlError>>) -> BoxStream<'static, Output> {
    let complete = stream::once(async { Output::Complete });
    match started {
        Ok(Running::Single(response)) => stream::iter([Output::Next(response), Output::Complete]).boxed(),
        Ok(Running::Stream(subscription)) => subscribed(subscription).chain(complete).boxed(),
        Err(errors) => stream::iter([Output::Errors(errors)]).boxed(),
    }
}

fn subscribed(subscription: impl Stream<Item = Bytes>) -> impl Stream<Item = Output> {
    subscription.map(Output::Next)
}
