//! One subscription's way into its client's mailbox.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;

use super::{
    mailbox::{Key, Mailbox, SubscriptionId},
    marks::Marks,
    throttle::{Throttle, Throttled},
};

/// Where a subscription's responses go, and what its client asked of them.
pub(super) struct Sink {
    mailbox: Arc<Mailbox>,
    id: SubscriptionId,
    max_pending: AtomicUsize,
    is_over: AtomicBool,
    throttled: Option<Throttled>,
}

impl Sink {
    /// A way into `mailbox`; of each key at most one response in `min_interval`, if one is given.
    pub(super) fn new(
        (mailbox, id): (Arc<Mailbox>, SubscriptionId),
        max_pending: usize,
        (throttle, min_interval): (&Throttle, Option<Duration>),
    ) -> Arc<Self> {
        let throttled = min_interval.map(|interval| throttle.every(interval));
        Arc::new(Self {
            mailbox,
            id,
            max_pending: AtomicUsize::new(max_pending),
            is_over: AtomicBool::new(false),
            throttled,
        })
    }

    /// At least so many responses may wait: a stream begins with as many.
    pub(super) fn allow(&self, pending: usize) {
        self.max_pending.fetch_max(pending, Ordering::Relaxed);
    }

    /// Gives the client a response; of one key it may not come to see those before it.
    pub(super) fn push(self: &Arc<Self>, key: Option<&Key>, response: Bytes) {
        if self.is_over.load(Ordering::Acquire) {
            return;
        }
        match (&self.throttled, key) {
            (Some(throttled), Some(key)) => throttled.push(self, key, response),
            _ => self.put(key, response),
        }
    }

    /// Gives the client the newest of keys, whatever that is when it takes it.
    pub(super) fn push_marks(&self, marks: &Arc<Marks>) {
        if !self.is_over() {
            self.mailbox.push_marks(self.id, marks);
        }
    }

    /// As [`Self::push`], also to a client that wishes for fewer values.
    pub(super) fn tell(&self, key: &Key, response: Bytes) {
        if !self.is_over() {
            self.put(Some(key), response);
        }
    }

    /// Gives the client the newest of a key: `step`, if there is one and the client has all before it; else `whole`.
    pub(super) fn push_step(&self, key: &Key, (step, whole): (Option<&Bytes>, &Bytes)) {
        if self.is_over.load(Ordering::Acquire) {
            return;
        }
        let max_pending = self.max_pending.load(Ordering::Relaxed);
        if !self.mailbox.push_step(self.id, key, (step, whole), max_pending) {
            self.is_over.store(true, Ordering::Release);
        }
    }

    /// As [`Self::push`], now.
    pub(super) fn put(&self, key: Option<&Key>, response: Bytes) {
        if !self.mailbox.push(self.id, key, response, self.max_pending.load(Ordering::Relaxed)) {
            self.is_over.store(true, Ordering::Release);
        }
    }

    /// Nothing follows; what waits is still delivered.
    pub(super) fn end(&self) {
        self.finish(None);
    }

    /// A last response, and then nothing.
    pub(super) fn end_with(&self, last: &Bytes) {
        self.finish(Some(last));
    }

    fn finish(&self, last: Option<&Bytes>) {
        if self.is_over.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(throttled) = &self.throttled {
            throttled.flush(self);
        }
        if let Some(last) = last {
            self.put(None, last.clone());
        }
        self.mailbox.end(self.id);
    }

    /// The client has left.
    pub(super) fn close(&self) {
        self.is_over.store(true, Ordering::Release);
        self.mailbox.forget(self.id);
    }

    /// Whether nothing is delivered any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// What holds values back, if anything does.
    pub(super) const fn throttled(&self) -> Option<&Throttled> {
        self.throttled.as_ref()
    }
}
