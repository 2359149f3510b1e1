//! Where and when something is published. Pure.

use chrono::{DateTime, Utc};

/// One rule of where and when something is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The channel; empty for all without a rule of their own.
    pub channel: String,
    /// Whether it is, between the two times.
    pub published: bool,
    /// Not before this time.
    pub starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    pub ends_at: Option<DateTime<Utc>>,
}

impl Publication {
    /// Whether it says published at `time`. The start is part of the time, the end is not.
    #[must_use]
    pub fn holds(&self, time: DateTime<Utc>) -> bool {
        let (has_begun, has_ended) =
            (self.starts_at.is_none_or(|start| start <= time), self.ends_at.is_some_and(|end| end <= time));
        self.published && has_begun && !has_ended
    }

    /// When it says something else after `time`.
    #[must_use]
    pub fn next_change(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let times = [self.starts_at, self.ends_at].into_iter().flatten();
        times.filter(|change| self.published && *change > time).min()
    }
}

/// Whether something with these rules is published in `channel` at `time`: as its own rule says, else that of all
/// channels; without any, it is.
#[must_use]
pub fn is_published(rules: &[Publication], channel: &str, time: DateTime<Utc>) -> bool {
    let of = |code: &str| rules.iter().find(|rule| rule.channel == code);
    of(channel).or_else(|| of("")).is_none_or(|rule| rule.holds(time))
}

/// Whether there can be a channel in which something with these rules is published at `time`.
#[must_use]
pub fn is_published_anywhere(rules: &[Publication], time: DateTime<Utc>) -> bool {
    let has_rest = rules.iter().any(|rule| rule.channel.is_empty());
    !has_rest || rules.iter().any(|rule| rule.holds(time))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Publication, is_published, is_published_anywhere};

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-01-01T{hour:02}:00:00Z").parse().unwrap()
    }

    fn rule(channel: &str, published: bool, from: Option<u32>, until: Option<u32>) -> Publication {
        Publication { channel: channel.to_owned(), published, starts_at: from.map(at), ends_at: until.map(at) }
    }

    #[test]
    fn a_channel_goes_by_its_own_rule_then_by_that_of_all() {
        assert!(is_published(&[], "online", at(1)));
        let rules = [rule("", false, None, None), rule("online", true, Some(2), Some(4))];
        let online: Vec<bool> = (1..6).map(|hour| is_published(&rules, "online", at(hour))).collect();
        assert_eq!(online, [false, true, true, false, false]);
        assert!(!is_published(&rules, "shop", at(2)));
        let anywhere: Vec<bool> = (1..6).map(|hour| is_published_anywhere(&rules, at(hour))).collect();
        assert_eq!(anywhere, [false, true, true, false, false]);
        assert!(is_published_anywhere(&[rule("online", false, None, None)], at(1)), "other channels have it");
    }

    #[test]
    fn the_next_change_is_the_next_start_or_end() {
        let rule = rule("online", true, Some(2), Some(4));
        assert_eq!([1, 2, 3, 4].map(|hour| rule.next_change(at(hour))), [Some(at(2)), Some(at(4)), Some(at(4)), None]);
    }
}
