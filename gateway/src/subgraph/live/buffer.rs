//! What waits for the holder of one subscription.

use std::{
    collections::VecDeque,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;

use super::super::TransportError;

/// A queue that had more room than this gives it back when it is empty: most subscriptions are idle.
const KEPT_CAPACITY: usize = 4;

#[derive(Default)]
struct State {
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    /// Once it is ended, how: by the subgraph, or by an error.
    end: Option<Result<(), TransportError>>,
}

/// Events from the task of a connection to the holder of one subscription; never waits for the holder.
pub(super) struct Buffer {
    state: Mutex<State>,
    waker: AtomicWaker,
    max_events: usize,
    max_bytes: usize,
}

impl Buffer {
    /// One in which so much may wait. A single event always may.
    pub(super) fn new(max_events: usize, max_bytes: usize) -> Self {
        Self { state: Mutex::default(), waker: AtomicWaker::new(), max_events, max_bytes }
    }

    /// Adds an event, unless there is no room; then the answer is how many are waiting.
    pub(super) fn push(&self, event: Bytes) -> Result<(), usize> {
        let mut state = self.state.lock();
        let waiting = state.waiting.len();
        let is_full = waiting >= self.max_events || state.waiting_bytes.saturating_add(event.len()) > self.max_bytes;
        if is_full && waiting > 0 {
            return Err(waiting);
        }
        if state.end.is_none() {
            state.waiting_bytes += event.len();
            state.waiting.push_back(event);
        }
        drop(state);
        self.waker.wake();
        Ok(())
    }

    /// Nothing follows; what waits is still delivered. Only the first end counts.
    pub(super) fn finish(&self, end: Result<(), TransportError>) {
        self.state.lock().end.get_or_insert(end);
        self.waker.wake();
    }

    /// Whether an event has come or the end has: if it is an error, which.
    pub(super) fn poll_begun(&self, context: &Context<'_>) -> Poll<Result<(), TransportError>> {
        self.waker.register(context.waker());
        let state = self.state.lock();
        match (&state.end, state.waiting.is_empty()) {
            (_, false) => Poll::Ready(Ok(())),
            (Some(end), true) => Poll::Ready(end.clone()),
            (None, true) => Poll::Pending,
        }
    }

    pub(super) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        // Registered before looking, so that a push in between wakes us.
        self.waker.register(context.waker());
        let mut state = self.state.lock();
        if let Some(event) = state.waiting.pop_front() {
            state.waiting_bytes -= event.len();
            if state.waiting.is_empty() && state.waiting.capacity() > KEPT_CAPACITY {
                state.waiting = VecDeque::new();
            }
            return Poll::Ready(Some(Ok(event)));
        }
        match &mut state.end {
            // An error is told once.
            Some(end) => Poll::Ready(std::mem::replace(end, Ok(())).err().map(Err)),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::poll_fn};

    use super::*;

    fn take(buffer: &Buffer) -> Option<Option<Result<Bytes, TransportError>>> {
        poll_fn(|context| buffer.poll_next(context)).now_or_never()
    }

    fn event(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn events_come_in_order_then_the_error_once_then_the_end() {
        let buffer = Buffer::new(10, 100);
        for text in ["a", "b"] {
            buffer.push(event(text)).unwrap();
        }
        let error = TransportError::Unknown { subgraph: "a".to_owned() };
        buffer.finish(Err(error.clone()));
        buffer.finish(Ok(()));
        buffer.push(event("late")).unwrap();
        let all: Vec<_> = std::iter::from_fn(|| take(&buffer)).take(4).collect();
        assert_eq!(all, [Some(Ok(event("a"))), Some(Ok(event("b"))), Some(Err(error)), None]);
    }

    #[test]
    fn it_is_bounded_by_number_and_size_but_takes_any_single_event() {
        let buffer = Buffer::new(2, 5);
        buffer.push(event("longer than five")).unwrap();
        assert_eq!(buffer.push(event("")), Err(1));
        assert_eq!(take(&buffer), Some(Some(Ok(event("longer than five")))));
        buffer.push(event("ab")).unwrap();
        buffer.push(event("cde")).unwrap();
        assert_eq!(buffer.push(event("")), Err(2));
        assert_eq!(take(&buffer), Some(Some(Ok(event("ab")))));
        assert_eq!(buffer.push(event("fgh")), Err(1));
        buffer.push(event("fg")).unwrap();
    }
}
