//! Of rules and ranges.

use super::{Facts, Field, Place, Relation, Rule, Rules, SortOrder};

fn rule(field: Field, relation: Relation, value: &str) -> Rule {
    Rule { field, relation, value: value.to_owned() }
}

fn shirt(tags: &[String]) -> Facts<'_> {
    Facts {
        title: "Harbour Shirt",
        vendor: "Bramley",
        category: "Shirts",
        gender: None,
        style: Some("Casual"),
        material: None,
        occasion: Some("Work"),
        tags,
        price_minor: 1_500,
    }
}

const ALWAYS: &[(i64, i64)] = &[(0, i64::MAX)];

#[test]
fn rules_about_texts_hold_whatever_their_case_and_absence_is_not_equal() {
    let tags = ["New".to_owned()];
    for (field, relation, value, holds) in [
        (Field::Title, Relation::Contains, "harbour s", true),
        (Field::Title, Relation::StartsWith, "shirt", false),
        (Field::Title, Relation::EndsWith, "SHIRT", true),
        (Field::Vendor, Relation::Equals, "bramley", true),
        (Field::Vendor, Relation::NotEquals, "bramley", false),
        (Field::Gender, Relation::Equals, "Men", false),
        (Field::Gender, Relation::NotEquals, "Men", true),
        (Field::Gender, Relation::NotContains, "Men", true),
        (Field::Gender, Relation::IsNotSet, "", true),
        (Field::Style, Relation::IsSet, "", true),
        (Field::Tag, Relation::Equals, "new", true),
        (Field::Tag, Relation::NotEquals, "new", false),
        (Field::Tag, Relation::IsNotSet, "", false),
        (Field::Price, Relation::LessThan, "1500", false),
        (Field::Price, Relation::LessThan, "1501", true),
    ] {
        let rule = rule(field, relation, value);
        rule.check().unwrap();
        let rules = Rules { any: false, rules: vec![rule.clone()] };
        let expected = if holds { ALWAYS } else { &[] };
        assert_eq!(rules.ranges(&shirt(&tags)), expected, "{rule:?}");
    }
}

#[test]
fn of_stock_the_answer_is_a_list_of_ranges() {
    let stock = |relation, value| rule(Field::Stock, relation, value);
    let vendor = |value| rule(Field::Vendor, Relation::Equals, value);
    for (any, rules, ranges) in [
        (false, vec![stock(Relation::GreaterThan, "0")], vec![(1, i64::MAX)]),
        (false, vec![stock(Relation::Equals, "0")], vec![(0, 0)]),
        (false, vec![stock(Relation::NotEquals, "5")], vec![(0, 4), (6, i64::MAX)]),
        (false, vec![stock(Relation::GreaterThan, "2"), stock(Relation::LessThan, "9")], vec![(3, 8)]),
        (true, vec![stock(Relation::LessThan, "3"), stock(Relation::GreaterThan, "2")], ALWAYS.to_vec()),
        (true, vec![stock(Relation::LessThan, "3"), vendor("bramley")], ALWAYS.to_vec()),
        (true, vec![stock(Relation::LessThan, "3"), vendor("other")], vec![(0, 2)]),
        (false, vec![stock(Relation::LessThan, "3"), vendor("other")], vec![]),
        (false, vec![stock(Relation::LessThan, "0")], vec![]),
    ] {
        assert_eq!(Rules { any, rules: rules.clone() }.ranges(&shirt(&[])), ranges, "{any} {rules:?}");
    }
}

#[test]
fn rules_that_cannot_be_say_so() {
    for rule in [
        rule(Field::Price, Relation::Contains, "1"),
        rule(Field::Stock, Relation::Equals, "many"),
        rule(Field::Stock, Relation::Equals, "-1"),
        rule(Field::Title, Relation::Equals, ""),
        rule(Field::Tag, Relation::IsSet, "x"),
        rule(Field::Title, Relation::IsSet, ""),
    ] {
        assert!(rule.check().is_err(), "{rule:?}");
    }
}

#[test]
fn keys_sort_like_what_they_are_made_of() {
    let place = |number: i64| Place {
        position: 1,
        featured_rank: i32::try_from(number).unwrap(),
        created_at_us: number,
        title: "T",
        price_minor: number,
    };
    for (order, ascends) in [
        (SortOrder::Featured, true),
        (SortOrder::PriceAsc, true),
        (SortOrder::PriceDesc, false),
        (SortOrder::Newest, false),
    ] {
        let keys: Vec<String> = [-7, 0, 9, 10, 2_000_000].iter().map(|number| order.key(&place(*number))).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        if !ascends {
            sorted.reverse();
        }
        assert_eq!(keys, sorted, "{order:?}");
        assert_eq!(SortOrder::parse(order.as_str()), Some(order));
    }
}
