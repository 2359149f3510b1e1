//! How many requests may be under way; what comes then is refused before anything of it is read.

use std::{
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::response::Response;
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};

use crate::respond::refuse;

/// For clients that ask when to come again, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Counts the requests under way.
pub(super) struct Door {
    under_way: AtomicUsize,
    most: usize,
}

impl Door {
    pub(super) const fn new(most: usize) -> Self {
        Self { under_way: AtomicUsize::new(0), most }
    }

    /// Lets a request in, if there is room.
    pub(super) fn enter<D: Deref<Target = Self>>(door: D) -> Option<Inside<D>> {
        let before = door.under_way.fetch_add(1, Ordering::Relaxed);
        let has_room = before < door.most;
        let inside = Inside(door);
        has_room.then_some(inside)
    }
}

/// A request that was let in, until it is answered.
pub(super) struct Inside<D: Deref<Target = Door>>(D);

impl<D: Deref<Target = Door>> Drop for Inside<D> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is told who is not let in: a code and a message.
pub(super) fn overloaded() -> (&'static str, String) {
    metrics::counter!("selvedge_requests_shed_total").increment(1);
    ("OVERLOADED", "the gateway has too many requests under way; try again in a moment".to_owned())
}

/// The answer to a request that is not let in.
pub(super) fn overloaded_response() -> Response {
    let (code, message) = overloaded();
    refuse_for_now(StatusCode::SERVICE_UNAVAILABLE, code, message)
}

/// The answer to a request that may be let in a little later.
pub(super) fn refuse_for_now(status: StatusCode, code: &str, message: String) -> Response {
    let mut response = refuse(status, code, message);
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_so_many_in_and_others_when_they_leave() {
        let door = Door::new(2);
        let enter = || Door::enter(&door);
        let (first, second) = (enter(), enter());
        assert!(first.is_some() && second.is_some());
        assert!(enter().is_none() && enter().is_none());
        drop(first);
        let third = enter();
        assert!(third.is_some() && enter().is_none());
    }
}
