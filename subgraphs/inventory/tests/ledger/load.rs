//! Setting the quantities of many levels.

use selvedge_inventory::domain::{ErrorCode, Target};

use crate::warehouse::{CLOSED, FAR, NEAR, Warehouse, staff};

on_each_engine!(
    sets_many_levels_and_says_what_it_left_out,
    fewer_than_promised_sell_no_more,
    loading_again_changes_nothing,
    loading_again_shows_another_policy,
);

fn target(sku: &str, location_id: &str, on_hand: i32) -> Target {
    Target { sku: sku.to_owned(), location_id: location_id.to_owned(), on_hand, safety_stock: 1, incoming: 4 }
}

async fn sets_many_levels_and_says_what_it_left_out(warehouse: Warehouse) {
    warehouse.stock("SKU-1", NEAR, 9).await;
    warehouse.reserve("SKU-1", 5).await.unwrap();
    let mut targets: Vec<Target> = (0..10)
        .flat_map(|index| [NEAR, FAR, CLOSED].map(|location_id| target(&format!("SKU-{index}"), location_id, 7)))
        .collect();
    targets.push(target("NOT-THERE", NEAR, 1));
    targets.push(target("SKU-0", "nowhere", 1));
    targets.push(target("SKU-0", NEAR, -1));
    targets.push(target("SKU-1", NEAR, 4));
    let mut heard = 0;
    let done = warehouse.commands.load_levels(&staff(), "seed", targets, |targets| heard += targets).await.unwrap();
    let mut codes: Vec<ErrorCode> = done.rejected.iter().map(|rejected| rejected.error.code).collect();
    codes.sort_by_key(|code| format!("{code:?}"));
    let expected =
        [ErrorCode::InsufficientStock, ErrorCode::InvalidQuantity, ErrorCode::UnknownLocation, ErrorCode::UnknownSku];
    assert_eq!(codes, expected);
    assert_eq!((done.accepted, done.events, heard), (30, 31, 34));
    let badge = warehouse.badge("SKU-0").await;
    assert_eq!((badge.available, badge.revision), (12, 1));
    let level = warehouse.level("SKU-1", NEAR).await;
    assert_eq!(
        (level.on_hand, level.committed, level.safety_stock, level.incoming),
        (5, 5, 1, 4),
        "no more than promised"
    );
    warehouse.assert_verified().await;
}

async fn fewer_than_promised_sell_no_more(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 4).await;
    warehouse.reserve("SKU-0", 3).await.unwrap();
    let counted = vec![Target { safety_stock: 0, incoming: 0, ..target("SKU-0", NEAR, 1) }];
    let done = warehouse.commands.load_levels(&staff(), "import", counted, |_| ()).await.unwrap();
    let message =
        "3 pieces of `SKU-0` are committed or set aside, 1 would be on hand; it is sold out until that is settled";
    assert_eq!((done.accepted, done.rejected[0].error.message.as_str()), (0, message));
    assert_eq!(warehouse.badge("SKU-0").await.state.as_str(), "OUT_OF_STOCK");
    warehouse.reserve("SKU-0", 1).await.unwrap_err();
    warehouse.assert_verified().await;
}

async fn loading_again_changes_nothing(warehouse: Warehouse) {
    let targets = vec![target("SKU-0", NEAR, 7), target("SKU-2", NEAR, 0)];
    warehouse.commands.load_levels(&staff(), "seed", targets.clone(), |_| ()).await.unwrap();
    let (events, outbox) = (warehouse.events().await, warehouse.outbox().await);
    assert_eq!((events.len(), outbox.len()), (2, 2), "an empty level is announced too");
    let done = warehouse.commands.load_levels(&staff(), "seed", targets, |_| ()).await.unwrap();
    assert_eq!((done.accepted, done.events), (2, 0));
    assert_eq!((warehouse.events().await, warehouse.outbox().await), (events, outbox));
}

async fn loading_again_shows_another_policy(warehouse: Warehouse) {
    let targets = vec![Target { safety_stock: 0, ..target("SKU-0", NEAR, 0) }];
    warehouse.commands.load_levels(&staff(), "seed", targets.clone(), |_| ()).await.unwrap();
    assert_eq!(warehouse.badge("SKU-0").await.state.as_str(), "OUT_OF_STOCK");
    warehouse.sql("UPDATE variant SET stock_policy = 'PREORDER' WHERE sku = 'SKU-0'").await.unwrap();
    let done = warehouse.commands.load_levels(&staff(), "import", targets, |_| ()).await.unwrap();
    assert_eq!(done.events, 0);
    let badge = warehouse.badge("SKU-0").await;
    assert_eq!((badge.state.as_str(), badge.revision), ("PREORDER", 2));
}
