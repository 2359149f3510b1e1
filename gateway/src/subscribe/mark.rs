//! The newest value of a key, which all who listen share, and what one client has of it.
//!
//! A change costs a client that has not taken the one before a look at one flag: with ten thousand clients that cannot
//! follow, nearly all of them. What they take in the end is what is newest then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;

/// The newest encoded response of a key.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<(u64, Bytes)>);

impl Newest {
    pub(super) fn set(&self, response: Bytes) {
        let mut newest = self.0.lock();
        *newest = (newest.0 + 1, response);
    }

    fn get(&self) -> (u64, Bytes) {
        self.0.lock().clone()
    }
}

/// What one client has of a key.
#[derive(Debug)]
pub(super) struct Mark {
    newest: Arc<Newest>,
    /// Which of the values it has been given, counted from 1.
    given: AtomicU64,
    /// Whether it stands in the client's mailbox.
    is_waiting: AtomicBool,
}

impl Mark {
    pub(super) fn new(newest: &Arc<Newest>) -> Arc<Self> {
        Arc::new(Self { newest: Arc::clone(newest), given: AtomicU64::new(0), is_waiting: AtomicBool::new(false) })
    }

    /// Notes that there is something new; whether the mailbox is to be told, as it does not know yet.
    pub(super) fn raise(&self) -> bool {
        // One order of all exchanges: either the client takes after this, and sees what was set before; or it is told.
        !self.is_waiting.swap(true, Ordering::AcqRel)
    }

    /// What the client is to be given now; nothing when it was given that already.
    pub(super) fn take(&self) -> Option<Bytes> {
        self.is_waiting.swap(false, Ordering::AcqRel);
        let (number, response) = self.newest.get();
        (self.given.swap(number, Ordering::AcqRel) < number).then_some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_takes_the_newest_once() {
        let newest = Arc::<Newest>::default();
        let mark = Mark::new(&newest);
        newest.set(Bytes::from_static(b"1"));
        assert!(mark.raise());
        newest.set(Bytes::from_static(b"2"));
        assert!(!mark.raise(), "it waits already");
        assert_eq!(mark.take().as_deref(), Some(&b"2"[..]));
        newest.set(Bytes::from_static(b"3"));
        // It looks for another reason, before it is told.
        assert_eq!(mark.take().as_deref(), Some(&b"3"[..]));
        assert!(mark.raise());
        assert_eq!(mark.take(), None);
    }
}
