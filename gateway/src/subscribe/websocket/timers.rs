//! All that a connection waits for, so that one timer serves it.

use std::time::Duration;

use tokio::time::Instant;

/// What a connection must do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The gateway stops: it is this connection's turn.
    Leave,
    /// `connection_init` did not come, or the token ran out.
    Deadline,
    /// The client has said nothing for longer than two pings.
    Silence,
    /// Ask for a sign of life.
    KeepAlive,
}

/// The moments at which a connection must do something.
#[derive(Debug)]
pub(super) struct Timers {
    keep_alive: Duration,
    /// When `connection_init` must have come; later, when the caller's token runs out.
    pub(super) deadline: Option<Instant>,
    leave_at: Option<Instant>,
    keep_alive_at: Instant,
    heard_at: Instant,
}

impl Timers {
    /// Of a connection that begins `now`.
    pub(super) fn new(now: Instant, init_timeout: Duration, keep_alive: Duration) -> Self {
        Self {
            keep_alive,
            deadline: Some(now + init_timeout),
            leave_at: None,
            keep_alive_at: now + keep_alive,
            heard_at: now,
        }
    }

    /// The client gave a sign of life.
    pub(super) const fn hear(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// The connection is to be closed at `at`.
    pub(super) const fn leave_at(&mut self, at: Instant) {
        self.leave_at = Some(at);
    }

    /// Whether the moment to close is known.
    pub(super) const fn is_leaving(&self) -> bool {
        self.leave_at.is_some()
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Instant {
        [self.leave_at, self.deadline].into_iter().flatten().fold(self.keep_alive_at, Instant::min)
    }

    /// What is to be done at `now`, the most important first.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        if self.leave_at.is_some_and(|at| at <= now) {
            return Some(Due::Leave);
        }
        if self.deadline.is_some_and(|at| at <= now) {
            return Some(Due::Deadline);
        }
        if self.keep_alive_at > now {
            return None;
        }
        self.keep_alive_at = now + self.keep_alive;
        let is_silent = now.duration_since(self.heard_at) > self.keep_alive * 2;
        Some(if is_silent { Due::Silence } else { Due::KeepAlive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_moment_after_the_other() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::new(start, Duration::from_secs(3), Duration::from_secs(10));
        assert_eq!((timers.next(), timers.due(at(2))), (at(3), None));
        assert_eq!(timers.due(at(3)), Some(Due::Deadline));
        timers.deadline = None;
        assert_eq!((timers.next(), timers.due(at(10))), (at(10), Some(Due::KeepAlive)));
        timers.hear(at(11));
        assert_eq!((timers.next(), timers.due(at(20))), (at(20), Some(Due::KeepAlive)));
        assert_eq!(timers.due(at(30)), Some(Due::KeepAlive));
        assert_eq!(timers.due(at(40)), Some(Due::Silence));
        timers.leave_at(at(45));
        assert_eq!((timers.next(), timers.due(at(44)), timers.due(at(45))), (at(45), None, Some(Due::Leave)));
    }
}
