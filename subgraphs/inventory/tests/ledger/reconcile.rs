//! Stock beside what was counted.

use chrono::{DateTime, Utc};
use selvedge_inventory::{
    command::{AppliedPart, Compared, Count, Counting, Outcome},
    domain::QuantityName,
};

use crate::warehouse::{FAR, NEAR, Warehouse, staff};

on_each_engine!(
    differences_are_listed_and_adjusted_once,
    what_moved_meanwhile_is_left_alone,
    a_count_of_then_is_applied_to_now,
    what_cannot_be_is_refused_alone,
    what_is_available_can_be_counted,
);

fn counting(name: QuantityName, counted_at: Option<DateTime<Utc>>) -> Counting {
    Counting { file: "counts.csv".to_owned(), content_hash: "hash-1".to_owned(), name, counted_at }
}

fn on_hand() -> Counting {
    counting(QuantityName::OnHand, None)
}

fn count(sku: &str, location_id: &str, quantity: i32) -> Count {
    Count {
        line: 2,
        sku: sku.to_owned(),
        location_id: location_id.to_owned(),
        location: location_id.to_owned(),
        quantity,
    }
}

async fn compare(warehouse: &Warehouse, counting: &Counting, counts: &[Count]) -> Vec<Compared> {
    warehouse.commands.compare_counts(counting, counts).await.unwrap()
}

async fn apply(warehouse: &Warehouse, counting: &Counting, compared: &[Compared]) -> Vec<Outcome> {
    match warehouse.commands.apply_counts(&staff(), counting, 0, compared).await.unwrap() {
        AppliedPart::Done(done) => done.into_iter().map(|one| one.outcome).collect(),
        AppliedPart::Before => panic!("it was applied before"),
    }
}

async fn differences_are_listed_and_adjusted_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-1", NEAR, 4).await;
    let counts = [count("SKU-0", NEAR, 7), count("SKU-0", FAR, 2), count("SKU-1", NEAR, 4), count("NONE", NEAR, 1)];
    let compared = compare(&warehouse, &on_hand(), &counts).await;
    let outcomes: Vec<&Outcome> = compared.iter().map(|one| &one.outcome).collect();
    assert_eq!(outcomes[0], &Outcome::Differs { recorded: 10, version: 1 });
    assert_eq!(outcomes[1], &Outcome::Differs { recorded: 0, version: 0 });
    assert_eq!(outcomes[2], &Outcome::Agrees);
    assert!(matches!(outcomes[3], Outcome::Refused(_)));
    assert_eq!(warehouse.events().await.len(), 2, "comparing changes nothing");

    let done = apply(&warehouse, &on_hand(), &compared).await;
    assert_eq!(done[0], Outcome::Adjusted { recorded: 10, delta: -3 });
    assert_eq!(done[1], Outcome::Adjusted { recorded: 0, delta: 2 });
    assert_eq!(warehouse.badge("SKU-0").await.available, 9);
    let event = warehouse.events().await.pop().unwrap();
    assert_eq!((event.reason.as_str(), event.reference.as_deref()), ("RECONCILIATION", Some("counts.csv")));
    assert_eq!(event.idempotency_key.as_deref(), Some("hash-1/0"));

    // Pieces are sold, and somebody applies the same file again: nothing of it is done.
    warehouse.stock("SKU-1", NEAR, 1).await;
    let again = compare(&warehouse, &on_hand(), &counts).await;
    let again = warehouse.commands.apply_counts(&staff(), &on_hand(), 0, &again).await.unwrap();
    assert_eq!(again, AppliedPart::Before);
    assert_eq!(warehouse.level("SKU-1", NEAR).await.on_hand, 1);
    warehouse.assert_verified().await;
}

async fn what_moved_meanwhile_is_left_alone(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-1", NEAR, 10).await;
    warehouse.stock("SKU-2", NEAR, 10).await;
    let counts = [count("SKU-0", NEAR, 9), count("SKU-1", NEAR, 10), count("SKU-2", NEAR, 9)];
    let compared = compare(&warehouse, &on_hand(), &counts).await;
    warehouse.stock("SKU-0", NEAR, 8).await;
    warehouse.stock("SKU-1", NEAR, 8).await;
    let done = apply(&warehouse, &on_hand(), &compared).await;
    assert_eq!(done, [Outcome::Moved, Outcome::Moved, Outcome::Adjusted { recorded: 10, delta: -1 }]);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 8);
    warehouse.assert_verified().await;
}

async fn a_count_of_then_is_applied_to_now(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let counted_at = warehouse.events().await[0].occurred_at;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    // After the count, four pieces leave and two are promised.
    warehouse.stock("SKU-0", NEAR, 6).await;
    warehouse.reserve("SKU-0", 2).await.unwrap();
    let then = counting(QuantityName::OnHand, Some(counted_at));
    let compared = compare(&warehouse, &then, &[count("SKU-0", NEAR, 9)]).await;
    assert_eq!(compared[0].outcome, Outcome::Differs { recorded: 10, version: 3 });
    warehouse.reserve("SKU-0", 1).await.unwrap();
    let done = apply(&warehouse, &then, &compared).await;
    assert_eq!(done, [Outcome::Adjusted { recorded: 10, delta: -1 }], "one was missing then, whatever moved since");
    let level = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((level.on_hand, level.committed), (5, 3));
    warehouse.assert_verified().await;
}

async fn what_cannot_be_is_refused_alone(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-1", NEAR, 10).await;
    warehouse.reserve("SKU-0", 8).await.unwrap();
    let compared = compare(&warehouse, &on_hand(), &[count("SKU-0", NEAR, 5), count("SKU-1", NEAR, 5)]).await;
    let done = apply(&warehouse, &on_hand(), &compared).await;
    let Outcome::Refused(reason) = &done[0] else { panic!("{done:?}") };
    assert!(reason.contains("only 2 of 10 pieces"), "{reason}");
    assert_eq!(done[1], Outcome::Adjusted { recorded: 10, delta: -5 });
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 10);
    warehouse.assert_verified().await;
}

async fn what_is_available_can_be_counted(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let available = counting(QuantityName::Available, None);
    let compared = compare(&warehouse, &available, &[count("SKU-0", NEAR, 5)]).await;
    assert_eq!(compared[0].outcome, Outcome::Differs { recorded: 6, version: 2 });
    assert_eq!(apply(&warehouse, &available, &compared).await, [Outcome::Adjusted { recorded: 6, delta: -1 }]);
    assert_eq!(warehouse.level("SKU-0", NEAR).await.on_hand, 9);
}
