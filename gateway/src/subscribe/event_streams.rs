//! GraphQL over SSE in "single connection" mode: one event stream for all operations of a client, and separate requests
//! that start and end them.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use futures::{
    FutureExt, Stream, StreamExt,
    future::{AbortHandle, AbortRegistration, Abortable, BoxFuture},
    stream::{BoxStream, SelectAll},
};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Caller, Limit, LimitReached, Permit, listening::leave};
use crate::{
    authenticate::Identity,
    config::SubscriptionsConfig,
    respond::{StreamEnd, Streamed},
};

/// Why a request about an event stream is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventStreamError {
    /// No stream has the token.
    #[error("no event stream is reserved under this token; reserve one by PUT")]
    Unknown,
    /// Someone listens already.
    #[error("the event stream of this token is open already")]
    Open,
    /// The id is in use.
    #[error("an operation of this id runs already")]
    DuplicateId,
    /// Too many operations.
    #[error("{0}")]
    TooManyOperations(LimitReached),
}

/// One run of an operation: its client may end it and start another under the same id, which has another number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    id: Arc<str>,
    number: u64,
}

type Steps = BoxStream<'static, (Run, Streamed)>;

#[derive(Default)]
struct Reserved {
    by_token: HashMap<String, Arc<EventStream>>,
    /// How many of them nobody has opened yet.
    unopened: usize,
}

/// The event streams of a gateway, those that nobody has opened yet included; cheap to clone.
#[derive(Clone)]
pub struct EventStreams {
    reserved: Arc<Mutex<Reserved>>,
    config: Arc<SubscriptionsConfig>,
    shutdown: CancellationToken,
}

/// One event stream: who reserved it, and what runs on it.
pub struct EventStream {
    subject: Option<String>,
    operations: Mutex<Operations>,
    started: mpsc::UnboundedSender<Steps>,
    /// What an open stream takes; nothing is here once it is open.
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Steps>>>,
    most_operations: usize,
    _permit: Permit,
}

/// What runs, by id.
#[derive(Default)]
struct Operations {
    running: HashMap<Arc<str>, (u64, AbortHandle)>,
    next_number: u64,
}

impl Operations {
    /// Takes a run out, unless it has been ended already and another has its id.
    fn take(&mut self, run: &Run) -> Option<AbortHandle> {
        self.runs(run).then(|| self.running.remove(&run.id)).flatten().map(|(_, handle)| handle)
    }

    fn runs(&self, run: &Run) -> bool {
        self.running.get(&run.id).is_some_and(|(number, _)| *number == run.number)
    }
}

impl EventStreams {
    /// No streams.
    #[must_use]
    pub fn new(config: Arc<SubscriptionsConfig>, shutdown: CancellationToken) -> Self {
        Self { reserved: Arc::default(), config, shutdown }
    }

    /// Reserves a stream for `caller`; its token. Nobody can guess it, and it runs out unless the stream is opened soon.
    ///
    /// # Errors
    ///
    /// When too many are reserved.
    pub fn reserve(&self, caller: &Caller, permit: Permit) -> Result<String, LimitReached> {
        let token = uuid::Uuid::new_v4().to_string();
        let (started, waiting) = mpsc::unbounded_channel();
        let stream = Arc::new(EventStream {
            subject: caller.identity.subject.clone(),
            operations: Mutex::default(),
            started,
            waiting: Mutex::new(Some(waiting)),
            most_operations: self.config.max_operations_per_connection,
            _permit: permit,
        });
        let most = self.config.max_reserved_streams;
        let mut all = self.reserved.lock();
        if all.unopened >= most {
            return Err(LimitReached::counted(Limit::ReservedStreams, most));
        }
        all.by_token.insert(token.clone(), stream);
        all.unopened += 1;
        drop(all);
        let (streams, reserved, runs_out) = (self.clone(), token.clone(), self.config.reservation());
        tokio::spawn(async move {
            tokio::time::sleep(runs_out).await;
            streams.remove_unopened(&reserved);
        });
        Ok(token)
    }

    fn remove_unopened(&self, token: &str) {
        let mut all = self.reserved.lock();
        if all.by_token.get(token).is_some_and(|stream| stream.waiting.lock().is_some()) {
            all.by_token.remove(token);
            all.unopened = all.unopened.saturating_sub(1);
        }
    }

    /// The stream of `token`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(&self, token: &str) -> Result<Arc<EventStream>, EventStreamError> {
        self.reserved.lock().by_token.get(token).map(Arc::clone).ok_or(EventStreamError::Unknown)
    }

    /// Listens to the stream of `token`; what was started before is waiting.
    ///
    /// # Errors
    ///
    /// When there is none, or someone listens already.
    pub fn open(&self, token: &str) -> Result<OpenEventStream, EventStreamError> {
        let mut all = self.reserved.lock();
        let stream = all.by_token.get(token).map(Arc::clone).ok_or(EventStreamError::Unknown)?;
        let started = stream.waiting.lock().take().ok_or(EventStreamError::Open)?;
        all.unopened = all.unopened.saturating_sub(1);
        drop(all);
        metrics::gauge!("selvedge_http_streams", "protocol" => "sse-single").increment(1.0);
        Ok(OpenEventStream {
            streams: self.clone(),
            token: token.to_owned(),
            stream,
            started,
            running: SelectAll::new(),
            ending: leave(self.shutdown.clone(), self.config.drain()).boxed(),
            has_ended: false,
        })
    }
}

impl EventStream {
    /// Whether `identity` is of whoever reserved it.
    #[must_use]
    pub fn belongs_to(&self, identity: &Identity) -> bool {
        self.subject == identity.subject
    }

    /// Keeps `id` for an operation that is about to start.
    ///
    /// # Errors
    ///
    /// When the id is in use, or too many operations run.
    pub fn begin(self: &Arc<Self>, id: &str) -> Result<Beginning, EventStreamError> {
        let mut operations = self.operations.lock();
        if operations.running.contains_key(id) {
            return Err(EventStreamError::DuplicateId);
        }
        if operations.running.len() >= self.most_operations {
            let reached = LimitReached::counted(Limit::Operations, self.most_operations);
            return Err(EventStreamError::TooManyOperations(reached));
        }
        let run = Run { id: id.into(), number: operations.next_number };
        operations.next_number += 1;
        let (handle, registration) = AbortHandle::new_pair();
        operations.running.insert(Arc::clone(&run.id), (run.number, handle));
        Ok(Beginning { run, stream: Arc::downgrade(self), registration: Some(registration) })
    }

    /// Whether a step is still waited for; the last one makes the id free.
    fn delivers(&self, run: &Run, step: &Streamed) -> bool {
        let mut operations = self.operations.lock();
        match step {
            Streamed::End(_) => operations.take(run).is_some(),
            _ => operations.runs(run),
        }
    }

    /// Ends the operation `id`, if it runs; nothing more comes of it.
    pub fn stop(&self, id: &str) {
        if let Some((_, handle)) = self.operations.lock().running.remove(id) {
            handle.abort();
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.operations.get_mut().running.values().for_each(|(_, handle)| handle.abort());
    }
}

/// An operation that is about to start. Dropped before it does, its id is free again.
pub struct Beginning {
    run: Run,
    stream: Weak<EventStream>,
    registration: Option<AbortRegistration>,
}

impl Beginning {
    /// Lets its steps go over the stream; whether there is still someone who waits for them.
    #[must_use]
    pub fn run(mut self, steps: impl Stream<Item = Streamed> + Send + 'static) -> bool {
        let (Some(stream), Some(registration)) = (self.stream.upgrade(), self.registration.take()) else {
            return false;
        };
        if registration.handle().is_aborted() {
            return false;
        }
        let run = self.run.clone();
        let steps = Abortable::new(steps.map(move |step| (run.clone(), step)), registration);
        stream.started.send(steps.boxed()).is_ok()
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if self.registration.is_some()
            && let Some(stream) = self.stream.upgrade()
        {
            // Not by its id alone, which may be of another one by now.
            let ended = stream.operations.lock().take(&self.run);
            if let Some(handle) = ended {
                handle.abort();
            }
        }
    }
}

/// Yields the steps of all operations of a stream, with their ids; dropping it ends them and the stream.
pub struct OpenEventStream {
    streams: EventStreams,
    token: String,
    stream: Arc<EventStream>,
    started: mpsc::UnboundedReceiver<Steps>,
    running: SelectAll<Steps>,
    ending: BoxFuture<'static, StreamEnd>,
    has_ended: bool,
}

impl Stream for OpenEventStream {
    type Item = (Arc<str>, Streamed);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        // A stream that ends without `complete` is opened again by its client.
        if this.has_ended || this.ending.poll_unpin(context).is_ready() {
            this.has_ended = true;
            return Poll::Ready(None);
        }
        while let Poll::Ready(Some(steps)) = this.started.poll_recv(context) {
            this.running.push(steps);
        }
        loop {
            match this.running.poll_next_unpin(context) {
                // What was ended while it was polled says nothing more: its id may be of another one by now.
                Poll::Ready(Some((run, step))) if !this.stream.delivers(&run, &step) => {}
                Poll::Ready(Some((run, step))) => return Poll::Ready(Some((run.id, step))),
                // Without operations it waits for one.
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for OpenEventStream {
    fn drop(&mut self) {
        self.streams.reserved.lock().by_token.remove(&self.token);
        self.stream.operations.lock().running.drain().for_each(|(_, (_, handle))| handle.abort());
        metrics::gauge!("selvedge_http_streams", "protocol" => "sse-single").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{future::poll_fn, stream};

    use super::*;
    use crate::{authenticate::CorrelationId, subscribe::Limits};

    fn streams(most: usize) -> EventStreams {
        let config = SubscriptionsConfig { max_reserved_streams: most, ..SubscriptionsConfig::default() };
        EventStreams::new(Arc::new(config), CancellationToken::new())
    }

    fn reserve(streams: &EventStreams) -> Result<String, LimitReached> {
        let caller = Caller::new(Identity::default(), CorrelationId::generate());
        let permit = Limits::new(&SubscriptionsConfig::default()).connect(&caller).unwrap();
        streams.reserve(&caller, permit)
    }

    fn response(text: &'static str) -> Streamed {
        Streamed::Next(Bytes::from_static(text.as_bytes()))
    }

    async fn taken(open: &mut OpenEventStream) -> Option<String> {
        let next = tokio::time::timeout(std::time::Duration::from_secs(1), open.next());
        match next.await.ok()?? {
            (id, Streamed::Next(bytes)) => Some(format!("{id} {}", String::from_utf8(bytes.to_vec()).unwrap())),
            (id, Streamed::End(_)) => Some(format!("{id} ends")),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_never_ran_does_not_end_the_next_of_its_id() {
        let streams = streams(1);
        let token = reserve(&streams).unwrap();
        let stream = streams.find(&token).unwrap();
        let mut open = streams.open(&token).unwrap();
        let first = stream.begin("x").unwrap();
        stream.stop("x");
        let second = stream.begin("x").unwrap();
        drop(first);
        assert_eq!(stream.begin("x").err(), Some(EventStreamError::DuplicateId));
        assert!(second.run(stream::iter([response("second")]).chain(stream::pending())));
        assert_eq!(taken(&mut open).await.as_deref(), Some("x second"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_ended_says_nothing_more_under_an_id_that_is_in_use_again() {
        let streams = streams(1);
        let token = reserve(&streams).unwrap();
        let stream = streams.find(&token).unwrap();
        let mut open = streams.open(&token).unwrap();
        for last in [response("too late"), Streamed::End(StreamEnd::Complete)] {
            let mut last = Some(last);
            let client = Arc::clone(&stream);
            // Its client ends it and starts another at the very moment at which it has something to say.
            let first = poll_fn(move |_| {
                client.stop("x");
                assert!(client.begin("x").unwrap().run(stream::iter([response("second")]).chain(stream::pending())));
                Poll::Ready(last.take())
            });
            assert!(stream.begin("x").unwrap().run(stream::once(first).filter_map(std::future::ready)));
            assert_eq!(taken(&mut open).await.as_deref(), Some("x second"));
            assert_eq!(taken(&mut open).await, None);
            assert_eq!(stream.begin("x").err(), Some(EventStreamError::DuplicateId), "the second runs");
            stream.stop("x");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reserved_streams_are_counted_until_they_are_opened_or_run_out() {
        let streams = streams(2);
        let first = reserve(&streams).unwrap();
        let _second = reserve(&streams).unwrap();
        assert_eq!(reserve(&streams).err().map(|reached| reached.limit), Some(Limit::ReservedStreams));
        let open = streams.open(&first).unwrap();
        let _third = reserve(&streams).unwrap();
        assert!(reserve(&streams).is_err());
        drop(open);
        assert!(reserve(&streams).is_err(), "one that was open has not been counted");
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        assert!(streams.reserved.lock().by_token.is_empty() && streams.reserved.lock().unopened == 0);
        assert!(reserve(&streams).is_ok() && reserve(&streams).is_ok() && reserve(&streams).is_err());
    }
}
