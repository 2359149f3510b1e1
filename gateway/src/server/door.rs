//! How many requests may be under way; what comes then is refused before anything of it is read.

use std::sync::atomic::{AtomicUsize, Ordering};

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
    pub(super) fn enter(&self) -> Option<Inside<'_>> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        let inside = Inside(self);
        (before < self.most).then_some(inside)
    }
}

/// A request that was let in, until it is answered.
pub(super) struct Inside<'a>(&'a Door);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The answer to who is not let in.
pub(super) fn overloaded() -> Response {
    metrics::counter!("selvedge_requests_shed_total").increment(1);
    let message = "the gateway has too many requests under way; try again in a moment".to_owned();
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", message);
    response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_so_many_in_and_others_when_they_leave() {
        let door = Door::new(2);
        let (first, second) = (door.enter(), door.enter());
        assert!(first.is_some() && second.is_some());
        assert!(door.enter().is_none() && door.enter().is_none());
        drop(first);
        let third = door.enter();
        assert!(third.is_some() && door.enter().is_none());
    }
}
