//! Under which terms a variant sells beyond its stock.

use chrono::{DateTime, Utc};

use crate::domain::StockPolicy;

/// How a variant sells when its stock does not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SellTerms {
    /// Whether it does at all.
    pub policy: StockPolicy,
    /// Nothing is promised before.
    pub starts_at: Option<DateTime<Utc>>,
    /// Nothing is promised from then on.
    pub ends_at: Option<DateTime<Utc>>,
    /// The most pieces that may wait at once.
    pub limit: Option<i32>,
}

impl SellTerms {
    /// A policy without more to it.
    #[must_use]
    pub const fn of(policy: StockPolicy) -> Self {
        Self { policy, starts_at: None, ends_at: None, limit: None }
    }

    /// How many pieces more may be promised at `now`, while `waiting` are.
    #[must_use]
    pub fn room(&self, now: DateTime<Utc>, waiting: i32) -> i32 {
        let is_open = self.policy != StockPolicy::Deny
            && self.starts_at.is_none_or(|start| start <= now)
            && self.ends_at.is_none_or(|end| now < end);
        match self.limit {
            _ if !is_open => 0,
            None => i32::MAX,
            Some(limit) => limit.saturating_sub(waiting).max(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::SellTerms;
    use crate::domain::StockPolicy;

    #[test]
    fn terms_say_when_and_how_many() {
        let day = |number| DateTime::UNIX_EPOCH + TimeDelta::days(number);
        assert_eq!(SellTerms::of(StockPolicy::Deny).room(day(1), 0), 0);
        assert_eq!(SellTerms::of(StockPolicy::Backorder).room(day(1), 9), i32::MAX);
        let limited = SellTerms { limit: Some(5), ..SellTerms::of(StockPolicy::Preorder) };
        assert_eq!((limited.room(day(1), 3), limited.room(day(1), 7)), (2, 0));
        let window = SellTerms { starts_at: Some(day(2)), ends_at: Some(day(4)), ..limited };
        let rooms: Vec<i32> = (1..5).map(|number| window.room(day(number), 0)).collect();
        assert_eq!(rooms, [0, 5, 5, 0]);
    }
}
