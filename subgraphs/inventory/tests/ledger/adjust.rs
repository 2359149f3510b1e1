//! Adding to and taking from on hand.

use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, CHANGES_MAX},
    domain::{Change, ErrorCode, QuantityName},
};

use crate::warehouse::{NEAR, Warehouse, new_key, staff};

on_each_engine!(
    adds_and_takes_in_order,
    refuses_each_bad_change_and_does_none,
    keeps_what_is_committed,
    compares_the_expected_version,
    refuses_too_many_changes,
);

fn change(sku: &str, location_id: &str, delta: i32) -> Change {
    Change { sku: sku.to_owned(), location_id: location_id.to_owned(), delta, ..Change::default() }
}

fn input(changes: Vec<Change>) -> AdjustQuantities {
    AdjustQuantities {
        name: QuantityName::OnHand,
        reason: AdjustmentReason::Received,
        reference: Some("delivery-7".to_owned()),
        changes,
    }
}

async fn adds_and_takes_in_order(warehouse: Warehouse) {
    let changes = vec![change("SKU-0", NEAR, 10), change("SKU-1", NEAR, 3), change("SKU-0", NEAR, -4)];
    let levels = warehouse.commands.adjust(&staff(), &input(changes), &new_key()).await.unwrap().unwrap().levels;
    let mut quantities: Vec<(i32, i64)> = levels.iter().map(|level| (level.on_hand, level.version)).collect();
    quantities.sort_unstable();
    assert_eq!(quantities, [(3, 1), (6, 2)]);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 6);
    let events = warehouse.events().await;
    assert_eq!(events.iter().map(|event| event.on_hand_delta).collect::<Vec<_>>(), [10, 3, -4]);
    assert_eq!(events[0].reason, "RECEIVED");
    assert_eq!(events[0].actor, "staff-1");
    assert_eq!(events[0].reference.as_deref(), Some("delivery-7"));
    assert_eq!(events[0].correlation_id, "correlation-1");
    warehouse.assert_verified().await;
}

async fn refuses_each_bad_change_and_does_none(warehouse: Warehouse) {
    let changes = vec![
        change("SKU-0", NEAR, 10),
        change("NOT-THERE", NEAR, 1),
        change("SKU-0", "nowhere", 1),
        change("SKU-0", NEAR, 0),
        change("SKU-0", NEAR, i32::MAX),
        change("SKU-1", NEAR, -1),
    ];
    let errors = warehouse.commands.adjust(&staff(), &input(changes), &new_key()).await.unwrap().unwrap_err();
    let codes: Vec<ErrorCode> = errors.iter().map(|error| error.code).collect();
    assert_eq!(
        codes,
        [
            ErrorCode::UnknownSku,
            ErrorCode::UnknownLocation,
            ErrorCode::InvalidQuantity,
            ErrorCode::InvalidQuantity,
            ErrorCode::InsufficientStock,
        ]
    );
    assert_eq!(errors[0].field.as_ref().unwrap(), &["input", "changes", "1", "sku"]);
    assert_eq!(warehouse.events().await, []);
    assert_eq!(warehouse.outbox().await, []);
}

async fn keeps_what_is_committed(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 8).await.unwrap();
    let take = |pieces: i32| input(vec![change("SKU-0", NEAR, -pieces)]);
    let errors = warehouse.commands.adjust(&staff(), &take(3), &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::InsufficientStock);
    warehouse.commands.adjust(&staff(), &take(2), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.available, 0);
    // What no command does, the table itself refuses too.
    assert!(warehouse.sql("UPDATE stock_level SET on_hand = on_hand - 1").await.is_err());
    assert!(warehouse.sql("UPDATE stock_level SET committed = -1").await.is_err());
    warehouse.assert_verified().await;
}

async fn compares_the_expected_version(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let expecting = |expected| input(vec![Change { expected_version: Some(expected), ..change("SKU-0", NEAR, 1) }]);
    let errors = warehouse.commands.adjust(&staff(), &expecting(0), &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::VersionConflict);
    let levels = warehouse.commands.adjust(&staff(), &expecting(1), &new_key()).await.unwrap().unwrap().levels;
    assert_eq!((levels[0].version, levels[0].on_hand), (2, 11));
    assert_eq!(levels[0], warehouse.level("SKU-0", NEAR).await, "the answer is the row");
}

async fn refuses_too_many_changes(warehouse: Warehouse) {
    for count in [0, CHANGES_MAX + 1] {
        let changes = vec![change("SKU-0", NEAR, 1); count];
        let errors = warehouse.commands.adjust(&staff(), &input(changes), &new_key()).await.unwrap().unwrap_err();
        assert_eq!(errors[0].code, ErrorCode::TooManyLines);
    }
    let changes = vec![change("SKU-0", NEAR, 1); CHANGES_MAX];
    warehouse.commands.adjust(&staff(), &input(changes), &new_key()).await.unwrap().unwrap();
    assert_eq!(warehouse.level("SKU-0", NEAR).await.version, 250);
}
