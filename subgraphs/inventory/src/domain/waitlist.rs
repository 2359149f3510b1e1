//! Who of those who wait is told, and of how many pieces.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Where an entry is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitStatus {
    /// In the queue.
    Waiting,
    /// Told that there is something; for a while it counts as theirs.
    Notified,
    /// They have taken it.
    Served,
    /// They have not, in time.
    Lapsed,
    /// They left.
    Left,
}

impl WaitStatus {
    /// The name in the database and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Notified => "NOTIFIED",
            Self::Served => "SERVED",
            Self::Lapsed => "LAPSED",
            Self::Left => "LEFT",
        }
    }

    /// The status with the name `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Notified, Self::Served, Self::Lapsed, Self::Left]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// What can be offered of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Free {
    /// Pieces that nobody was told of, over all.
    pub pieces: i32,
    /// The same through each channel that somebody waits for; none through one that is not named.
    pub through: BTreeMap<String, i32>,
}

/// One who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// How many pieces they want.
    pub quantity: i32,
    /// Through which channel; empty for any.
    pub channel: String,
}

/// That what a customer waited for is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Stays the same however often it is tried: who has seen it does nothing again.
    pub id: String,
    /// The customer, as the identity provider knows them.
    pub customer_id: String,
    /// What is there.
    pub sku: String,
    /// Its variant.
    pub variant_id: String,
    /// Its product.
    pub product_id: String,
    /// Through which channel; `None` for any.
    pub channel: Option<String>,
    /// Pieces that are theirs for now.
    pub quantity: i32,
    /// Until when.
    pub offer_expires_at: DateTime<Utc>,
}

/// How many pieces each of `waiting`, first to join in front, is told of; 0 for who is not told yet. Nobody is told of pieces
/// that somebody before them was told of. Who wants more than is left is told of what is left; who waits for a channel that has
/// nothing holds up nobody.
#[must_use]
pub fn offer(mut free: Free, waiting: &[Waiting]) -> Vec<i32> {
    let offer_one = |one: &Waiting| {
        let through = match one.channel.as_str() {
            "" => free.pieces,
            channel => free.through.get(channel).copied().unwrap_or(0),
        };
        let offered = one.quantity.min(free.pieces).min(through).max(0);
        free.pieces -= offered;
        if let Some(left) = free.through.get_mut(&one.channel) {
            *left -= offered;
        }
        offered
    };
    waiting.iter().map(offer_one).collect()
}

#[cfg(test)]
mod tests {
    use super::{Free, WaitStatus, Waiting, offer};

    fn one(quantity: i32, channel: &str) -> Waiting {
        Waiting { quantity, channel: channel.to_owned() }
    }

    fn free(pieces: i32, through: &[(&str, i32)]) -> Free {
        Free { pieces, through: through.iter().map(|(name, pieces)| ((*name).to_owned(), *pieces)).collect() }
    }

    #[test]
    fn in_order_and_no_more_than_there_is() {
        assert_eq!(offer(free(3, &[]), &[one(1, ""), one(1, ""), one(1, ""), one(1, "")]), [1, 1, 1, 0]);
        assert_eq!(offer(free(3, &[]), &[one(2, ""), one(5, ""), one(1, "")]), [2, 1, 0]);
        assert_eq!(offer(free(-2, &[]), &[one(1, "")]), [0]);
    }

    #[test]
    fn a_channel_without_pieces_holds_up_nobody() {
        let waiting = [one(1, "web"), one(1, "shop"), one(1, ""), one(1, "shop")];
        assert_eq!(offer(free(5, &[("shop", 1)]), &waiting), [0, 1, 1, 0]);
    }

    #[test]
    fn names_can_be_read_back() {
        for name in ["WAITING", "NOTIFIED", "SERVED", "LAPSED", "LEFT"] {
            assert_eq!(WaitStatus::parse(name).unwrap().as_str(), name);
        }
    }

    proptest::proptest! {
        #[test]
        fn nobody_is_passed_over_and_nothing_is_offered_twice(
            pieces in 0..20_i32, web in 0..20_i32, waiting in proptest::collection::vec((1..4_i32, 0..2_u8), 0..20),
        ) {
            let waiting: Vec<Waiting> = waiting.into_iter().map(|(n, on)| one(n, ["", "web"][usize::from(on)])).collect();
            let offered = offer(free(pieces, &[("web", web)]), &waiting);
            let sum = |channel: Option<&str>| -> i32 {
                let of = |(one, _): &(&Waiting, &i32)| channel.is_none_or(|channel| one.channel == channel);
                waiting.iter().zip(&offered).filter(of).map(|(_, offered)| *offered).sum()
            };
            assert!(sum(None) <= pieces && sum(Some("web")) <= web);
            for (index, (one, got)) in waiting.iter().zip(&offered).enumerate() {
                assert!((0..=one.quantity).contains(got));
                // Whoever gets less than they want, gets all that is left: nobody like them behind gets anything.
                if *got < one.quantity {
                    let behind = waiting.iter().zip(&offered).skip(index + 1);
                    for (other, given) in behind.filter(|(other, _)| other.channel == one.channel) {
                        assert_eq!(*given, 0, "{other:?}");
                    }
                }
            }
        }
    }
}
