//! GraphQL over SSE in "single connection" mode: one event stream for all operations of a client, and separate requests
//! that start and end them.
//!
//! Protocol: <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
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
    #[error("an event stream may run at most {most} operations at a time")]
    TooManyOperations {
        /// How many there may be.
        most: usize,
    },
}

type Steps = BoxStream<'static, (Arc<str>, Streamed)>;

/// The event streams of a gateway, those that nobody has opened yet included; cheap to clone.
#[derive(Clone)]
pub struct EventStreams {
    by_token: Arc<Mutex<HashMap<String, Arc<EventStream>>>>,
    config: Arc<SubscriptionsConfig>,
    shutdown: CancellationToken,
}

/// One event stream: who reserved it, and what runs on it.
pub struct EventStream {
    subject: Option<String>,
    operations: Mutex<HashMap<Arc<str>, AbortHandle>>,
    started: mpsc::UnboundedSender<Steps>,
    /// What an open stream takes.
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Steps>>>,
    is_open: AtomicBool,
    most_operations: usize,
    _permit: Permit,
}

impl EventStreams {
    /// No streams.
    #[must_use]
    pub fn new(config: Arc<SubscriptionsConfig>, shutdown: CancellationToken) -> Self {
        Self { by_token: Arc::default(), config, shutdown }
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
            is_open: AtomicBool::new(false),
            most_operations: self.config.max_operations_per_connection,
            _permit: permit,
        });
        let most = self.config.max_reserved_streams;
        let mut by_token = self.by_token.lock();
        if by_token.values().filter(|stream| !stream.is_open.load(Ordering::Relaxed)).count() >= most {
            return Err(LimitReached::counted(Limit::ReservedStreams, most));
        }
        by_token.insert(token.clone(), stream);
        drop(by_token);
        let (streams, reserved, runs_out) = (self.clone(), token.clone(), self.config.reservation());
        tokio::spawn(async move {
            tokio::time::sleep(runs_out).await;
            streams.remove_unopened(&reserved);
        });
        Ok(token)
    }

    fn remove_unopened(&self, token: &str) {
        let mut by_token = self.by_token.lock();
        if by_token.get(token).is_some_and(|stream| !stream.is_open.load(Ordering::Relaxed)) {
            by_token.remove(token);
        }
    }

    /// The stream of `token`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(&self, token: &str) -> Result<Arc<EventStream>, EventStreamError> {
        self.by_token.lock().get(token).map(Arc::clone).ok_or(EventStreamError::Unknown)
    }

    /// Listens to the stream of `token`; what was started before is waiting.
    ///
    /// # Errors
    ///
    /// When there is none, or someone listens already.
    pub fn open(&self, token: &str) -> Result<OpenEventStream, EventStreamError> {
        let by_token = self.by_token.lock();
        let stream = by_token.get(token).ok_or(EventStreamError::Unknown)?;
        let started = stream.waiting.lock().take().ok_or(EventStreamError::Open)?;
        stream.is_open.store(true, Ordering::Relaxed);
        metrics::gauge!("selvedge_http_streams", "protocol" => "sse-single").increment(1.0);
        Ok(OpenEventStream {
            streams: self.clone(),
            token: token.to_owned(),
            stream: Arc::clone(stream),
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
        if operations.contains_key(id) {
            return Err(EventStreamError::DuplicateId);
        }
        if operations.len() >= self.most_operations {
            return Err(EventStreamError::TooManyOperations { most: self.most_operations });
        }
        let id: Arc<str> = id.into();
        let (handle, registration) = AbortHandle::new_pair();
        operations.insert(Arc::clone(&id), handle);
        Ok(Beginning { id, stream: Arc::downgrade(self), registration: Some(registration) })
    }

    /// Ends the operation `id`, if it runs; nothing more comes of it.
    pub fn stop(&self, id: &str) {
        if let Some(handle) = self.operations.lock().remove(id) {
            handle.abort();
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.operations.get_mut().values().for_each(AbortHandle::abort);
    }
}

/// An operation that is about to start. Dropped before it does, its id is free again.
pub struct Beginning {
    id: Arc<str>,
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
        let id = Arc::clone(&self.id);
        let steps = Abortable::new(steps.map(move |step| (Arc::clone(&id), step)), registration);
        stream.started.send(steps.boxed()).is_ok()
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if self.registration.is_some()
            && let Some(stream) = self.stream.upgrade()
        {
            stream.stop(&self.id);
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
        match this.running.poll_next_unpin(context) {
            Poll::Ready(Some((id, step))) => {
                if matches!(step, Streamed::End(_)) {
                    this.stream.operations.lock().remove(&id);
                }
                Poll::Ready(Some((id, step)))
            }
            // Without operations it waits for one.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for OpenEventStream {
    fn drop(&mut self) {
        self.streams.by_token.lock().remove(&self.token);
        self.stream.operations.lock().drain().for_each(|(_, handle)| handle.abort());
        metrics::gauge!("selvedge_http_streams", "protocol" => "sse-single").decrement(1.0);
    }
}
