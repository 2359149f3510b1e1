use proptest::prelude::*;

use super::{Discount, PriceSource, Promotion, Quote, Quoted, Tier, quote};

fn tier(minimum_quantity: i32, unit_price_minor: i64) -> Tier {
    Tier { id: format!("t{minimum_quantity}"), minimum_quantity, unit_price_minor }
}

fn promotion(id: &str, discount: Discount, priority: i32, combinable: bool) -> Promotion {
    Promotion { id: id.to_owned(), title: id.to_owned(), code: None, discount, priority, combinable }
}

fn quoted(tiers: &[Tier], promotions: &[Promotion], quantity: i32) -> Quote {
    quote(Quoted { base_minor: 1_000, compare_at_minor: None, tiers, promotions, quantity })
}

fn names(quote: &Quote) -> Vec<&str> {
    quote.applied.iter().map(|applied| applied.promotion.id.as_str()).collect()
}

#[test]
fn without_anything_it_is_the_base_price() {
    let quote = quoted(&[], &[], 3);
    assert_eq!((quote.unit_price_minor, quote.total_minor, quote.compare_at_minor), (1_000, 3_000, None));
    assert_eq!(quote.source, PriceSource::Base);
}

#[test]
fn a_tier_holds_from_its_quantity_on() {
    let tiers = [tier(5, 900), tier(10, 800), tier(2, 1_200)];
    let units: Vec<i64> = [1, 4, 5, 9, 10, 50].map(|pieces| quoted(&tiers, &[], pieces).unit_price_minor).to_vec();
    assert_eq!(units, [1_000, 1_000, 900, 900, 800, 800]);
    let ten = quoted(&tiers, &[], 10);
    assert_eq!((ten.source, ten.total_minor, ten.compare_at_minor), (PriceSource::Tier, 8_000, Some(1_000)));
}

#[test]
fn percentages_are_rounded_half_up() {
    for (price, basis_points, after) in
        [(999, 1_000, 899), (15, 1_000, 14), (25, 1_000, 23), (1, 5_000, 1), (5, 10_000, 0)]
    {
        assert_eq!(Discount::Percentage(basis_points).apply(price), after, "{price} less {basis_points}");
    }
    assert_eq!(Discount::FixedAmount(1_500).apply(1_000), 0);
    assert_eq!(Discount::FixedPrice(1_500).apply(1_000), 1_000);
    assert_eq!(Discount::FixedPrice(700).apply(1_000), 700);
}

#[test]
fn the_order_of_combined_promotions_is_their_priority() {
    let percent = |priority| promotion("percent", Discount::Percentage(1_000), priority, true);
    let amount = promotion("amount", Discount::FixedAmount(100), 5, true);
    let first = quoted(&[], &[amount.clone(), percent(9)], 1);
    assert_eq!((first.unit_price_minor, names(&first)), (800, vec!["percent", "amount"]));
    let last = quoted(&[], &[amount, percent(1)], 1);
    assert_eq!((last.unit_price_minor, names(&last)), (810, vec!["amount", "percent"]));
}

#[test]
fn what_may_not_be_combined_stands_alone_and_the_lowest_price_wins() {
    let combined =
        [promotion("a", Discount::Percentage(1_000), 0, true), promotion("b", Discount::Percentage(1_000), 0, true)];
    let alone = |off| promotion("alone", Discount::FixedAmount(off), 99, false);
    let with = |off| quoted(&[], &[combined[0].clone(), alone(off), combined[1].clone()], 1);
    assert_eq!((with(180).unit_price_minor, names(&with(180))), (810, vec!["a", "b"]));
    assert_eq!((with(200).unit_price_minor, names(&with(200))), (800, vec!["alone"]));
    // As low as the others: its priority is higher.
    assert_eq!(names(&with(190)), ["alone"]);
}

#[test]
fn the_former_price_is_shown_while_it_is_above() {
    let of = |compare_at_minor, promotions: &[Promotion]| {
        let line = Quoted { base_minor: 1_000, compare_at_minor, tiers: &[], promotions, quantity: 1 };
        quote(line).compare_at_minor
    };
    let half = [promotion("half", Discount::Percentage(5_000), 0, true)];
    assert_eq!(of(Some(1_400), &[]), Some(1_400));
    assert_eq!(of(Some(1_400), &half), Some(1_400));
    assert_eq!(of(None, &half), Some(1_000));
}

fn discounts() -> impl Strategy<Value = Discount> {
    prop_oneof![
        (1..=10_000_i64).prop_map(Discount::Percentage),
        (0..5_000_i64).prop_map(Discount::FixedAmount),
        (0..5_000_i64).prop_map(Discount::FixedPrice),
    ]
}

fn promotions() -> impl Strategy<Value = Vec<Promotion>> {
    let one = (discounts(), -3..3_i32, any::<bool>());
    prop::collection::vec(one, 0..6).prop_map(|all| {
        let named = all.into_iter().enumerate();
        named
            .map(|(at, (discount, priority, combinable))| promotion(&at.to_string(), discount, priority, combinable))
            .collect()
    })
}

fn tiers() -> impl Strategy<Value = Vec<Tier>> {
    prop::collection::vec((1..40_i32, 0..5_000_i64), 0..5)
        .prop_map(|all| all.into_iter().map(|(from, price)| tier(from, price)).collect())
}

proptest! {
    #[test]
    fn a_quote_keeps_its_promises(
        base_minor in 0..5_000_i64,
        tiers in tiers(),
        promotions in promotions(),
        quantity in 1..50_i32,
    ) {
        let line = Quoted { base_minor, compare_at_minor: None, tiers: &tiers, promotions: &promotions, quantity };
        let quoted = quote(line);
        prop_assert!((0..=base_minor).contains(&quoted.unit_price_minor));
        prop_assert_eq!(quoted.total_minor, quoted.unit_price_minor * i64::from(quantity));
        // What was taken off accounts for the whole difference.
        let start = quoted.tier.as_ref().map_or(base_minor, |tier| tier.unit_price_minor);
        let off: i64 = quoted.applied.iter().map(|applied| applied.discount_minor).sum();
        prop_assert_eq!(start - off, quoted.unit_price_minor);
        // No single promotion would have been better, and who may not be combined is alone.
        for one in &promotions {
            prop_assert!(quoted.unit_price_minor <= one.discount.apply(start));
        }
        prop_assert!(quoted.applied.len() <= 1 || quoted.applied.iter().all(|applied| applied.promotion.combinable));
        // More pieces never cost more each, and the order in which all this is given does not matter.
        let more = quote(Quoted { quantity: quantity + 1, ..line });
        prop_assert!(more.unit_price_minor <= quoted.unit_price_minor);
        let (mut other_tiers, mut others) = (tiers.clone(), promotions.clone());
        other_tiers.reverse();
        others.reverse();
        prop_assert_eq!(quote(Quoted { tiers: &other_tiers, promotions: &others, ..line }).unit_price_minor, quoted.unit_price_minor);
    }
}
