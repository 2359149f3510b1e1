//! How long an answer stays true.

use std::time::Duration;

/// How long an answer stays true, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// For how long from now.
    pub left: Duration,
    /// How old its oldest part is.
    pub age: Duration,
    /// Whether it is the caller's alone.
    pub is_private: bool,
}

impl Freshness {
    /// What nothing has been read for.
    pub const ETERNAL: Self = Self { left: Duration::MAX, age: Duration::ZERO, is_private: false };

    /// Of two parts together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            age: self.age.max(other.age),
            is_private: self.is_private || other.is_private,
        }
    }

    /// The value of `cache-control`.
    #[must_use]
    pub fn cache_control(&self) -> String {
        let seconds = self.left.as_secs();
        if seconds == 0 || self.left == Duration::MAX {
            return "no-store".to_owned();
        }
        let scope = if self.is_private { "private" } else { "public" };
        // Readers subtract `age` from it.
        format!("{scope}, max-age={}", seconds + self.age.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_all_parts() {
        let seconds = Duration::from_secs;
        let one = Freshness { left: seconds(60), age: seconds(2), is_private: false };
        let other = Freshness { left: seconds(10), age: seconds(1), is_private: true };
        let both = Freshness::ETERNAL.and(one).and(other);
        assert_eq!(both, Freshness { left: seconds(10), age: seconds(2), is_private: true });
        assert_eq!(both.cache_control(), "private, max-age=12");
        assert_eq!(one.cache_control(), "public, max-age=62");
        assert_eq!(Freshness { left: Duration::from_millis(900), ..one }.cache_control(), "no-store");
        assert_eq!(Freshness::ETERNAL.cache_control(), "no-store");
    }
}
