//! What a sales channel may promise.

use std::collections::BTreeMap;

use super::{Level, Place};

/// How much of what there is a channel may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocation {
    /// All of it.
    #[default]
    All,
    /// So many percent, 0 to 100, rounded down.
    Share(u8),
    /// So many pieces at a time.
    Limit(i32),
}

/// The rules of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelRules {
    /// Whether it sells.
    pub is_active: bool,
    /// Pieces of each variant that it does not offer.
    pub safety_stock: i32,
    /// Where it sells from, and in which order, by location id. `None` for every active location in its own order.
    pub locations: Option<BTreeMap<String, i32>>,
    /// For variants without a rule of their own.
    pub allocation: Allocation,
    /// By variant id.
    pub of_variants: BTreeMap<String, Allocation>,
}

impl Allocation {
    /// The part of `pieces` that may be offered.
    #[must_use]
    pub fn part_of(self, pieces: i32) -> i32 {
        match self {
            Self::All => pieces,
            Self::Share(percent) => {
                let part = i64::from(pieces) * i64::from(percent.min(100)) / 100;
                i32::try_from(part).unwrap_or(pieces)
            }
            Self::Limit(limit) => pieces.min(limit),
        }
        .max(0)
    }
}

impl ChannelRules {
    /// The rules of a channel that sells all there is.
    #[must_use]
    pub fn open() -> Self {
        Self { is_active: true, ..Self::default() }
    }

    /// The priority of a location in this channel; `None` when it does not sell from there.
    #[must_use]
    pub fn priority(&self, location_id: &str, place: &Place) -> Option<i32> {
        if !self.is_active || !place.active {
            return None;
        }
        match &self.locations {
            None => Some(place.priority),
            Some(locations) => locations.get(location_id).copied(),
        }
    }

    /// Pieces of `variant_id` that the channel may promise of `coming` ones, while `in_stock` are its own to sell.
    #[must_use]
    pub fn promisable(&self, variant_id: &str, in_stock: i32, coming: i32) -> i32 {
        if !self.is_active {
            return 0;
        }
        match self.of_variants.get(variant_id).copied().unwrap_or(self.allocation) {
            Allocation::Limit(limit) => coming.min(limit.saturating_sub(in_stock)).max(0),
            other => other.part_of(coming),
        }
    }

    /// Pieces of `variant_id` that the channel may promise, of the levels that it has.
    pub fn available_to_promise<'a>(
        &self,
        variant_id: &str,
        levels: impl IntoIterator<Item = (&'a str, &'a Level)>,
        place: impl Fn(&str) -> Option<Place>,
    ) -> i32 {
        let sells_from = |id: &str| place(id).is_some_and(|place| self.priority(id, &place).is_some());
        let pool = levels
            .into_iter()
            .filter(|(location_id, _)| sells_from(location_id))
            .fold(0_i32, |sum, (_, level)| sum.saturating_add(level.available()));
        let allocation = self.of_variants.get(variant_id).copied().unwrap_or(self.allocation);
        allocation.part_of(pool.saturating_sub(self.safety_stock).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Allocation, ChannelRules};
    use crate::domain::{Level, Place, Quantities};

    fn promised(rules: &ChannelRules) -> i32 {
        let level = |on_hand, committed| Level {
            quantities: Quantities { on_hand, committed, safety_stock: 1, ..Quantities::ZERO },
            version: 1,
        };
        let levels = [("a", level(10, 2)), ("b", level(5, 0)), ("closed", level(50, 0))];
        let place = |id: &str| Some(Place { priority: 1, active: id != "closed" });
        rules.available_to_promise("v", levels.iter().map(|(id, level)| (*id, level)), place)
    }

    #[test]
    fn each_rule_takes_its_part() {
        let open = ChannelRules::open();
        assert_eq!(promised(&open), 7 + 4);
        assert_eq!(promised(&ChannelRules { safety_stock: 3, ..open.clone() }), 8);
        assert_eq!(promised(&ChannelRules { safety_stock: 30, ..open.clone() }), 0);
        let only_b = Some([("b".to_owned(), 1)].into());
        assert_eq!(promised(&ChannelRules { locations: only_b.clone(), ..open.clone() }), 4);
        assert_eq!(promised(&ChannelRules { allocation: Allocation::Share(50), ..open.clone() }), 5);
        assert_eq!(promised(&ChannelRules { allocation: Allocation::Limit(2), ..open.clone() }), 2);
        let of_variants = [("v".to_owned(), Allocation::Share(100))].into();
        let own = ChannelRules { allocation: Allocation::Limit(0), of_variants, safety_stock: 1, ..open.clone() };
        assert_eq!(promised(&ChannelRules { locations: only_b, ..own }), 3);
        let share = ChannelRules { allocation: Allocation::Share(50), ..open.clone() };
        let limit = ChannelRules { allocation: Allocation::Limit(4), ..open.clone() };
        assert_eq!((open.promisable("v", 3, 9), share.promisable("v", 3, 9), limit.promisable("v", 3, 9)), (9, 4, 1));
        assert_eq!(ChannelRules { is_active: false, ..open.clone() }.promisable("v", 3, 9), 0);
        assert_eq!(promised(&ChannelRules { is_active: false, ..open }), 0);
    }

    proptest::proptest! {
        /// Whatever the rules, a channel promises no more than there is.
        #[test]
        fn no_channel_promises_more_than_there_is(
            pieces in 0..1_000_000_i32, percent in 0..=100_u8, limit in 0..2_000_000_i32,
        ) {
            for allocation in [Allocation::All, Allocation::Share(percent), Allocation::Limit(limit)] {
                assert!((0..=pieces).contains(&allocation.part_of(pieces)));
            }
            assert_eq!(Allocation::Share(100).part_of(pieces), pieces);
        }
    }
}
