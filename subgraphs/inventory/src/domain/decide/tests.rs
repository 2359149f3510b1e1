//! What is decided, case by case.

use std::collections::BTreeMap;

use super::{decide, reserve::allocate, reserve_in_turn};
use crate::domain::{
    Badge, Change, Command, ErrorCode, EventKind, Hold, Level, Place, Quantities, QuantityName, SkuStock, Stock,
    StockPolicy, StockState, Want,
};

/// `sku` with `(location, on hand, committed)`; locations are asked in the order in which they are given.
fn stock(levels: &[(&str, i32, i32)]) -> Stock {
    let mut stock = Stock::default();
    for ((location_id, _, _), priority) in levels.iter().zip(1..) {
        stock.places.insert((*location_id).to_owned(), Place { priority, active: true });
    }
    let level = |(location_id, on_hand, committed): &(&str, i32, i32)| {
        let quantities = Quantities { on_hand: *on_hand, committed: *committed, ..Quantities::ZERO };
        let level = Level { quantities, version: 3 };
        ((*location_id).to_owned(), level)
    };
    stock.insert(SkuStock {
        variant_id: "variant".to_owned(),
        product_id: "product".to_owned(),
        sku: "sku".to_owned(),
        is_shown: true,
        policy: StockPolicy::Deny,
        expected_at: None,
        badge: Badge { state: StockState::InStock, available: 0, expected_at: None, revision: 1 },
        levels: levels.iter().map(level).collect::<BTreeMap<_, _>>(),
    });
    stock
}

fn want(quantity: i32) -> Want {
    Want { sku: "sku".to_owned(), quantity, location_id: None, is_partial: false }
}

#[test]
fn every_event_is_the_next_version_of_its_level() {
    let change = |delta| Change {
        sku: "sku".to_owned(),
        location_id: "a".to_owned(),
        delta,
        expected_version: Some(3),
        change_from_quantity: Some(5),
    };
    let changes = vec![change(2), change(-7)];
    let command = Command::Adjust { name: QuantityName::OnHand, kind: EventKind::Adjusted, changes };
    let events = decide(&stock(&[("a", 5, 0)]), &command).unwrap();
    let moves: Vec<_> = events.iter().map(|event| (event.version, event.kind, event.change.on_hand)).collect();
    assert_eq!(moves, [(4, EventKind::Adjusted, 2), (5, EventKind::Adjusted, -7)]);
}

#[test]
fn lines_of_one_command_see_each_other() {
    let stock = stock(&[("a", 5, 2)]);
    assert_eq!(decide(&stock, &Command::Reserve(vec![want(2), want(1)])).unwrap().len(), 2);
    let errors = decide(&stock, &Command::Reserve(vec![want(2), want(2)])).unwrap_err();
    assert_eq!((errors.len(), errors[0].code), (1, ErrorCode::InsufficientStock));
}

#[test]
fn more_than_committed_cannot_be_given_back() {
    let hold = Hold { variant_id: "variant".to_owned(), location_id: "a".to_owned(), quantity: 3 };
    assert!(decide(&stock(&[("a", 5, 2)]), &Command::Release(vec![hold])).is_err());
}

#[test]
fn priority_decides_and_one_parcel_is_better_than_two() {
    let offers = [("far".to_owned(), 2), ("near".to_owned(), 5)];
    assert_eq!(allocate(&offers, 2).unwrap(), [("far".to_owned(), 2)]);
    assert_eq!(allocate(&offers, 3).unwrap(), [("near".to_owned(), 3)]);
    assert_eq!(allocate(&offers, 6).unwrap(), [("far".to_owned(), 2), ("near".to_owned(), 4)]);
    assert_eq!(allocate(&offers, 8).unwrap_err(), 7);
}

#[test]
fn a_partial_line_takes_what_is_there() {
    let stock = stock(&[("a", 3, 0), ("b", 1, 0)]);
    let partial = |quantity| Want { is_partial: true, ..want(quantity) };
    let moves = |wants| {
        let events = decide(&stock, &Command::Reserve(wants)).unwrap();
        events.iter().map(|event| (event.location_id.clone(), event.change.committed)).collect::<Vec<_>>()
    };
    assert_eq!(moves(vec![partial(9), partial(1)]), [("a".to_owned(), 3), ("b".to_owned(), 1)]);
    assert_eq!(moves(vec![partial(2), partial(9)]), [("a".to_owned(), 2), ("a".to_owned(), 1), ("b".to_owned(), 1)]);
    let none = decide(&self::stock(&[("a", 2, 2)]), &Command::Reserve(vec![partial(1), partial(2)]));
    let codes: Vec<ErrorCode> = none.unwrap_err().iter().map(|error| error.code).collect();
    assert_eq!(codes, [ErrorCode::InsufficientStock; 2], "nothing at all is a refusal");
}

#[test]
fn in_turn_each_sees_what_is_left_and_a_refusal_leaves_it() {
    let mut stock = stock(&[("a", 5, 0)]);
    let before = stock.clone();
    assert!(reserve_in_turn(&mut stock, &[want(2), want(4)]).is_err());
    assert_eq!(stock, before);
    let lines = reserve_in_turn(&mut stock, &[want(2), want(1)]).unwrap();
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(stock.level("variant", "a").available(), 2);
    assert!(reserve_in_turn(&mut stock, &[want(3)]).is_err());
    assert_eq!(reserve_in_turn(&mut stock, &[want(2)]).unwrap()[0][0].version, 6);
}

proptest::proptest! {
    /// Deciding in turn is deciding.
    #[test]
    fn in_turn_is_the_same_as_each_by_itself(
        quantities in proptest::collection::vec(0..9_i32, 1..4),
        wanted in proptest::collection::vec((1..8_i32, proptest::bool::ANY), 1..8),
    ) {
        let levels: Vec<(&str, i32, i32)> =
            ["a", "b", "c"].iter().zip(&quantities).map(|(name, free)| (*name, *free, 0)).collect();
        let mut stock = stock(&levels);
        for (quantity, is_partial) in wanted {
            let wants = [Want { is_partial, ..want(quantity) }, Want { is_partial, ..want(1) }];
            let alone = decide(&stock, &Command::Reserve(wants.to_vec()));
            let in_turn = reserve_in_turn(&mut stock, &wants);
            assert_eq!(alone, in_turn.map(|lines| lines.concat()));
        }
    }

    /// What is decided can be folded, and takes exactly what was wanted or nothing.
    #[test]
    fn a_reservation_takes_what_is_wanted_from_what_is_free(
        quantities in proptest::collection::vec((0..20_i32, 0..20_i32), 1..5),
        wanted in proptest::collection::vec(1..15_i32, 1..4),
    ) {
        let names = ["a", "b", "c", "d"];
        let levels: Vec<(&str, i32, i32)> =
            names.iter().zip(&quantities).map(|(name, (free, held))| (*name, free + held, *held)).collect();
        let stock = stock(&levels);
        let free: i32 = quantities.iter().map(|(free, _)| free).sum();
        let sum: i32 = wanted.iter().sum();
        match decide(&stock, &Command::Reserve(wanted.into_iter().map(want).collect())) {
            Ok(events) => {
                assert_eq!(events.iter().map(|event| event.change.committed).sum::<i32>(), sum);
                let mut after = stock.variants["variant"].levels.clone();
                for event in &events {
                    let level = after.get_mut(&event.location_id).unwrap();
                    *level = level.evolve(event).unwrap();
                }
                assert_eq!(after.values().map(Level::available).sum::<i32>(), free - sum);
            }
            Err(_) => assert!(sum > free),
        }
    }
}
