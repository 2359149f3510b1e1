//! The snapshot and the events may come in any order.

use std::time::Duration;

use serde_json::json;

use crate::{
    inventory::Shelves,
    shop::{Shop, catalog},
};

#[tokio::test]
async fn in_process_events_newer_than_the_snapshot_win_and_older_ones_lose() {
    let shelves = Shelves::of(catalog());
    shelves.pages.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let shop = Shop::start(shelves).await;
    // The first page was read by inventory and lies on the way, all badges at revision 1 and in stock.
    tokio::time::sleep(Duration::from_millis(50)).await;
    shop.sell_out("shirt-2", 2).await;
    shop.sell_out("shirt-3", 0).await;
    let deleted = json!({ "productId": "shirt-1", "deleted": true, "revision": 4 });
    shop.publish("inventory", "product_changed", 4, deleted).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(shop.feed(None, 5).await["degraded"], true);
    assert_eq!(shop.subgraph.readiness.failures()[0].0, "catalog");
    shop.shelves.pages.add_permits(100);
    shop.until("the catalog is loaded", async || shop.subgraph.readiness.failures().is_empty()).await;

    let alike = shop.similar("shirt-4").await;
    assert!(!alike.contains(&"shirt-2".into()), "the event (revision 2) is newer than the snapshot: {alike:?}");
    assert!(alike.contains(&"shirt-3".into()), "the snapshot (revision 1) is newer than the event: {alike:?}");
    assert!(!alike.contains(&"shirt-1".into()), "deleted while the snapshot was on its way: {alike:?}");
}

#[tokio::test]
async fn in_process_an_inventory_that_is_away_is_waited_for() {
    let shelves = Shelves::of(catalog());
    let mut away = shelves.clone();
    away.pages = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    away.pages.close();
    let closed = Shop::start(away).await;
    closed
        .until("readiness says why", async || {
            closed
                .subgraph
                .readiness
                .failures()
                .iter()
                .any(|(name, why)| *name == "catalog" && why.contains("`inventory`"))
        })
        .await;
    assert!(closed.feed(None, 3).await["items"].as_array().unwrap().is_empty());

    shelves.pages.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    let slow = Shop::start(shelves).await;
    assert!(!slow.subgraph.readiness.failures().is_empty());
    slow.shelves.pages.add_permits(100);
    slow.until("it came back", async || slow.subgraph.readiness.failures().is_empty()).await;
    assert_eq!(slow.feed(None, 3).await["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn in_process_events_that_make_no_sense_are_passed_over() {
    let shop = Shop::open(catalog()).await;
    shop.publish("inventory", "stock_badge_changed", 2, json!({ "sku": 5 })).await;
    shop.publish("inventory", "never_heard_of", 2, json!({})).await;
    shop.sell_out("shirt-2", 2).await;
    shop.until("later events arrive", async || !shop.similar("shirt-1").await.contains(&"shirt-2".into())).await;
}
