//! Operations with `@defer`: one task for the whole answer, which ends when nobody reads it any more.

use std::{io, panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    channel::mpsc,
    future::ready,
    stream::{self, BoxStream},
};
use http::HeaderMap;
use tokio::time::Instant;

use super::{EXECUTION_GRACE, Pipeline, Prepared, add_debug, internal_error, record, timed_out};
use crate::{
    deliver::initial_bytes,
    error::{GraphqlResponse, code},
    execute::{AnswerPart, ExecuteContext, execute_in_parts},
    operation::DeferForm,
    request::GraphqlRequest,
    subgraph::CallContext,
    subscribe::Caller,
};

/// The answer to an operation with `@defer`.
pub enum InParts {
    /// Nothing was deferred in the end.
    Whole(Box<GraphqlResponse>),
    /// The encoded parts in their form, of which the first is there. An error ends them before their end.
    Parts {
        /// The parts.
        parts: BoxStream<'static, Result<Bytes, io::Error>>,
        /// Their form.
        form: DeferForm,
        /// Headers of the subgraphs that the first part needed, for the client.
        headers: HeaderMap,
    },
}

impl Pipeline {
    /// Runs a query or mutation, and answers it in parts in the form `form` where it defers something.
    ///
    /// # Cancellation
    ///
    /// Dropping the future, or the parts, abandons the subgraph requests under way.
    pub async fn execute_in_parts(
        &self,
        prepared: &Prepared,
        request: GraphqlRequest,
        (caller, debug): (&Caller, bool),
        form: DeferForm,
    ) -> InParts {
        if !prepared.known.operation.has_defer() {
            return InParts::Whole(Box::new(self.execute(prepared, request, caller, debug).await));
        }
        let (started, timeout) = (Instant::now(), self.0.request_timeout);
        // No part is made before the client takes the one before it.
        let (sender, parts) = mpsc::channel(0);
        let call = self.call_context(caller, started + timeout);
        // What is deferred only reads: a mutation has ended with the first part.
        let change = self.change(prepared.kind());
        let running = self.clone().run_in_parts(prepared.clone(), request, (Arc::clone(&call), form), sender);
        let running = tokio::time::timeout(timeout + EXECUTION_GRACE, running);
        let correlation = caller.correlation.clone();
        let ended = AssertUnwindSafe(running).catch_unwind().map(move |ended| match ended {
            Ok(Ok(())) => None,
            Ok(Err(_elapsed)) => Some(Err(timed_out(timeout))),
            Err(_panic) => Some(Err(internal_error(correlation.as_str()))),
        });
        let ended = stream::once(ended).filter_map(ready);
        let mut parts = stream::select(parts.map(Ok), ended).boxed();
        let (mut response, pending) = match parts.next().await {
            Some(Ok(AnswerPart::First(response, pending))) => (response, Some(pending)),
            Some(Ok(AnswerPart::Whole(response)) | Err(response)) => (response, None),
            Some(Ok(AnswerPart::Next(_))) | None => (internal_error(caller.correlation.as_str()), None),
        };
        drop(change);
        response.headers = call.client_headers.take();
        record(prepared.kind(), &response, started);
        if debug {
            add_debug(&mut response, prepared);
        }
        self.0.extension.hooks.on_response(&mut response, caller).await;
        let Some(pending) = pending else { return InParts::Whole(Box::new(response)) };
        let first = initial_bytes(&response, &pending, form);
        let rest = parts.filter_map(|part| ready(later(part)));
        let parts = stream::once(ready(Ok(first))).chain(rest).boxed();
        InParts::Parts { parts, form, headers: response.headers }
    }

    /// The whole run; owns all that it needs, as it lives on in the body of the answer.
    async fn run_in_parts(
        self,
        prepared: Prepared,
        request: GraphqlRequest,
        (call, form): (Arc<CallContext>, DeferForm),
        mut parts: mpsc::Sender<AnswerPart>,
    ) {
        let deadline = call.deadline.unwrap_or_else(Instant::now);
        let kept = self.kept(&prepared, false);
        let context = ExecuteContext {
            transports: prepared.graph.transports(),
            call,
            deadline,
            kept,
            reads: None,
            hints: self.hints(),
        };
        let (schema, operation) = (prepared.graph.schema(), &prepared.known.operation);
        execute_in_parts(schema, operation, (request.variables, form), &context, &mut parts).await;
    }
}

fn later(part: Result<AnswerPart, GraphqlResponse>) -> Option<Result<Bytes, io::Error>> {
    match part {
        Ok(AnswerPart::Next(encoded)) => Some(Ok(encoded)),
        Ok(AnswerPart::First(..) | AnswerPart::Whole(_)) => None,
        Err(response) => {
            let code = response.errors.first().and_then(|error| error.code()).unwrap_or(code::INTERNAL_SERVER_ERROR);
            Some(Err(io::Error::other(code.to_owned())))
        }
    }
}
