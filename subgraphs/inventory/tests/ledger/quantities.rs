//! Moving pieces between names and locations, and setting them to what was counted.

use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, MoveQuantities, SetQuantities, StockChange},
    domain::{Change, ErrorCode, Move, MoveEnd, QuantityName, SetQuantity, UserError},
    store::Position,
};

use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff};

on_each_engine!(
    what_lies_there_is_on_hand_under_every_name,
    a_move_keeps_what_is_on_hand,
    a_transfer_happens_at_both_ends_or_not_at_all,
    what_the_caller_read_is_compared,
    a_count_is_set_once_and_compared,
    a_move_of_several_lines_is_one,
    positions_grow_and_answers_of_old_are_read,
);

type Outcome = Result<StockChange, Vec<UserError>>;

async fn adjust(warehouse: &Warehouse, name: QuantityName, delta: i32, from: Option<i32>) -> Outcome {
    let change = Change {
        sku: "SKU-0".to_owned(),
        location_id: NEAR.to_owned(),
        delta,
        change_from_quantity: from,
        ..Change::default()
    };
    let input = AdjustQuantities { name, reason: AdjustmentReason::Received, reference: None, changes: vec![change] };
    warehouse.commands.adjust(&staff(), &input, &new_key()).await.unwrap()
}

fn end(location_id: &str, name: QuantityName) -> MoveEnd {
    MoveEnd { location_id: location_id.to_owned(), name, change_from_quantity: None }
}

fn moving(quantity: i32, from: MoveEnd, to: MoveEnd) -> Move {
    Move { sku: "SKU-0".to_owned(), quantity, from, to }
}

async fn move_all(warehouse: &Warehouse, changes: Vec<Move>) -> Outcome {
    let reference = Some("work-order-2".to_owned());
    let input = MoveQuantities { reason: AdjustmentReason::Transfer, reference, changes };
    warehouse.commands.move_quantities(&staff(), &input, &new_key()).await.unwrap()
}

async fn set(warehouse: &Warehouse, name: QuantityName, ignoring: bool, counted: &[(i32, Option<i32>)]) -> Outcome {
    let one = |(quantity, change_from_quantity): &(i32, Option<i32>)| SetQuantity {
        sku: "SKU-0".to_owned(),
        location_id: NEAR.to_owned(),
        quantity: *quantity,
        change_from_quantity: *change_from_quantity,
    };
    let input = SetQuantities {
        name,
        reason: AdjustmentReason::CycleCount,
        reference: None,
        ignore_compare_quantity: ignoring,
        quantities: counted.iter().map(one).collect(),
    };
    warehouse.commands.set_quantities(&staff(), &input, &new_key()).await.unwrap()
}

fn codes(outcome: Outcome) -> Vec<ErrorCode> {
    outcome.unwrap_err().into_iter().map(|error| error.code).collect()
}

async fn what_lies_there_is_on_hand_under_every_name(warehouse: Warehouse) {
    adjust(&warehouse, QuantityName::Available, 10, Some(0)).await.unwrap();
    adjust(&warehouse, QuantityName::Damaged, 3, None).await.unwrap();
    adjust(&warehouse, QuantityName::Incoming, 7, None).await.unwrap();
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.damaged, level.incoming), (13, 3, 7));
    assert_eq!(warehouse.badge("SKU-0").await.available, 10);
    assert_eq!(codes(adjust(&warehouse, QuantityName::Damaged, -4, None).await), [ErrorCode::InsufficientStock]);
    assert_eq!(codes(adjust(&warehouse, QuantityName::Committed, 1, None).await), [ErrorCode::InvalidQuantityName]);
    adjust(&warehouse, QuantityName::Damaged, -3, None).await.unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 10);
    let kinds: Vec<String> = warehouse.events().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["RECEIVED"; 4]);
    warehouse.assert_verified().await;
}

async fn a_move_keeps_what_is_on_hand(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let to = |name| moving(2, end(NEAR, QuantityName::Available), end(NEAR, name));
    let changes = vec![to(QuantityName::Damaged), to(QuantityName::SafetyStock), to(QuantityName::Reserved)];
    let levels = move_all(&warehouse, changes).await.unwrap().levels;
    let [level] = &levels[..] else { panic!("{levels:?}") };
    let held = (level.on_hand, level.committed, level.damaged, level.safety_stock, level.reserved);
    assert_eq!(held, (10, 4, 2, 2, 2));
    assert_eq!(warehouse.badge("SKU-0").await.available, 0);
    assert_eq!(
        codes(move_all(&warehouse, vec![to(QuantityName::QualityControl)]).await),
        [ErrorCode::InsufficientStock]
    );
    let back = moving(2, end(NEAR, QuantityName::SafetyStock), end(NEAR, QuantityName::Available));
    move_all(&warehouse, vec![back]).await.unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.available, 2);
    let kinds: Vec<String> = warehouse.events().await.into_iter().skip(2).map(|event| event.kind).collect();
    assert_eq!(kinds, ["DAMAGED", "MOVED", "MOVED", "MOVED"]);
    warehouse.assert_verified().await;
}

async fn a_transfer_happens_at_both_ends_or_not_at_all(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let transfer = |quantity| moving(quantity, end(NEAR, QuantityName::Available), end(FAR, QuantityName::Available));
    assert_eq!(codes(move_all(&warehouse, vec![transfer(7)]).await), [ErrorCode::InsufficientStock]);
    let levels = move_all(&warehouse, vec![transfer(6)]).await.unwrap().levels;
    assert_eq!(levels.iter().map(|level| level.on_hand).sum::<i32>(), 10);
    assert_eq!(warehouse.level("SKU-0", FAR).await.on_hand, 6);
    let events = warehouse.events().await;
    let moved: Vec<(&str, i32)> =
        events.iter().rev().take(2).map(|event| (event.kind.as_str(), event.on_hand_delta)).collect();
    assert_eq!(moved, [("TRANSFERRED", 6), ("TRANSFERRED", -6)]);
    assert_eq!(events.last().unwrap().reference.as_deref(), Some("work-order-2"));
    let elsewhere = moving(1, end(FAR, QuantityName::Available), end(NEAR, QuantityName::Damaged));
    assert_eq!(codes(move_all(&warehouse, vec![elsewhere]).await), [ErrorCode::DifferentLocations]);
    let nowhere = moving(1, end(FAR, QuantityName::Available), end(FAR, QuantityName::Available));
    assert_eq!(codes(move_all(&warehouse, vec![nowhere]).await), [ErrorCode::SameQuantityName]);
    let unknown = moving(1, end(FAR, QuantityName::Available), end("nowhere", QuantityName::Available));
    let errors = move_all(&warehouse, vec![unknown]).await.unwrap_err();
    assert_eq!(errors[0].field.as_ref().unwrap(), &["input", "changes", "0", "to", "locationId"]);
    warehouse.assert_verified().await;
}

async fn a_move_of_several_lines_is_one(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let good = moving(6, end(NEAR, QuantityName::Available), end(FAR, QuantityName::Available));
    let both = vec![good.clone(), good];
    assert_eq!(codes(move_all(&warehouse, both).await), [ErrorCode::InsufficientStock]);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 10);
    assert_eq!(warehouse.events().await.len(), 1);
}

async fn what_the_caller_read_is_compared(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let errors = adjust(&warehouse, QuantityName::Available, 1, Some(10)).await.unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::ChangeFromQuantityStale);
    assert_eq!(errors[0].message, "6 pieces of `SKU-0` are available, not 10");
    assert_eq!(errors[0].field.as_ref().unwrap(), &["input", "changes", "0", "changeFromQuantity"]);
    adjust(&warehouse, QuantityName::OnHand, 1, Some(10)).await.unwrap();
    let from = MoveEnd { change_from_quantity: Some(6), ..end(NEAR, QuantityName::Available) };
    let errors = move_all(&warehouse, vec![moving(1, from, end(NEAR, QuantityName::Damaged))]).await.unwrap_err();
    assert_eq!(errors[0].field.as_ref().unwrap(), &["input", "changes", "0", "from", "changeFromQuantity"]);
    assert_eq!(errors[0].message, "7 pieces of `SKU-0` are available, not 6");
}

async fn a_count_is_set_once_and_compared(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let on_hand = QuantityName::OnHand;
    assert_eq!(codes(set(&warehouse, on_hand, false, &[(12, None)]).await), [ErrorCode::CompareQuantityRequired]);
    assert_eq!(codes(set(&warehouse, on_hand, true, &[(12, Some(9))]).await), [ErrorCode::ChangeFromQuantityStale]);
    assert_eq!(codes(set(&warehouse, on_hand, false, &[(3, Some(10))]).await), [ErrorCode::InsufficientStock]);
    assert_eq!(codes(set(&warehouse, on_hand, false, &[(-1, Some(10))]).await), [ErrorCode::InvalidQuantity]);
    assert_eq!(codes(set(&warehouse, on_hand, true, &[(9, None), (8, None)]).await), [ErrorCode::DuplicateLevel]);
    assert_eq!(
        codes(set(&warehouse, QuantityName::Damaged, true, &[(1, None)]).await),
        [ErrorCode::InvalidQuantityName]
    );
    assert_eq!(set(&warehouse, on_hand, false, &[(12, Some(10))]).await.unwrap().levels[0].on_hand, 12);
    let available = set(&warehouse, QuantityName::Available, true, &[(5, None)]).await.unwrap().levels;
    assert_eq!((available[0].on_hand, available[0].committed), (9, 4));
    let events = warehouse.events().await.len();
    let unchanged = set(&warehouse, QuantityName::Available, false, &[(5, Some(5))]).await.unwrap();
    assert_eq!(unchanged.levels, available);
    assert_eq!(warehouse.events().await.len(), events, "nothing changed");
    warehouse.assert_verified().await;
}

async fn positions_grow_and_answers_of_old_are_read(warehouse: Warehouse) {
    let number = |change: &StockChange| match change.position.unwrap() {
        Position::Transaction(number) | Position::Event(number) => number,
    };
    let first = adjust(&warehouse, QuantityName::OnHand, 1, None).await.unwrap();
    warehouse.reserve("SKU-0", 1).await.unwrap();
    let second = adjust(&warehouse, QuantityName::OnHand, 1, None).await.unwrap();
    assert!(number(&first) < number(&second));
    // Answers were stored as the levels alone.
    let of_old = serde_json::to_value(&second.levels).unwrap();
    let read: StockChange = serde_json::from_value(of_old).unwrap();
    assert_eq!((read.levels, read.position), (second.levels, None));
    assert!(warehouse.commands.release(&shopper(), "none", &new_key()).await.unwrap().is_err());
}
