//! Watching badges: what is true now first, then only what is newer, and nothing that is newer is missed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::{StreamExt, future::join_all, stream::BoxStream};
use selvedge_kit::server::GraphqlExecutor;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    sample::sku,
    shop::{Shop, data, request, staff, watch},
};

const WATCH: &str = "subscription($skus: [String!]!) {
    stockBadges(skus: $skus) { sku state available revision variant { availableForSale } } }";
const ADJUST: &str = "mutation($key: String!, $sku: String!, $delta: Int!) {
    inventoryAdjustQuantities(idempotencyKey: $key, input: {
        reason: CORRECTION, changes: [{sku: $sku, locationId: \"l1\", delta: $delta}] })
    { userErrors { code message } } }";

async fn adjust(executor: &dyn GraphqlExecutor, sku: &str, delta: i32) {
    let variables = json!({"key": uuid::Uuid::now_v7().to_string(), "sku": sku, "delta": delta});
    let done = data(executor, staff(&["inventory:write"]), ADJUST, variables).await;
    assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
}

async fn next(events: &mut BoxStream<'static, Value>) -> Value {
    timeout(Duration::from_secs(10), events.next()).await.expect("no badge within 10 s").unwrap()
}

async fn the_current_badge_comes_first_then_changes(shop: Shop) {
    let running = shop.start().await;
    let executor = &*running.executor;
    let skus = json!({"skus": [sku(1, 1), sku(1, 2), "unknown", sku(1, 1)]});
    let mut events = watch(executor, WATCH, skus, "stockBadges");
    let first = [next(&mut events).await, next(&mut events).await];
    let mut skus: Vec<&str> = first.iter().map(|badge| badge["sku"].as_str().unwrap()).collect();
    skus.sort_unstable();
    assert_eq!(skus, [sku(1, 1), sku(1, 2)]);
    adjust(executor, &sku(1, 1), -3).await;
    adjust(executor, &sku(2, 2), -1).await;
    let changed = next(&mut events).await;
    let expected = json!({"sku": sku(1, 1), "state": "LOW_STOCK", "available": 4, "revision": 2,
        "variant": {"availableForSale": true}});
    assert_eq!(changed, expected);
}

/// Writers change three SKUs all the time while watchers come and go: each watcher's revisions only grow, and each
/// ends at the last one.
async fn no_watcher_misses_the_latest_revision_under_writes(shop: Shop) {
    const CHANGES: i64 = 30;
    let running = shop.start().await;
    let executor: Arc<dyn GraphqlExecutor> = Arc::clone(&running.executor);
    let skus = [sku(1, 1), sku(2, 1), sku(3, 2)];
    let writers = skus.clone().map(|sku| {
        let executor = Arc::clone(&executor);
        tokio::spawn(async move {
            for change in 0..CHANGES {
                adjust(&*executor, &sku, if change % 2 == 0 { 5 } else { -4 }).await;
            }
        })
    });
    let watchers = (0..12).map(|number| {
        let (executor, skus) = (Arc::clone(&executor), skus.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(number * 13)).await;
            let mut events = watch(&*executor, WATCH, json!({"skus": skus}), "stockBadges");
            let mut latest: HashMap<String, i64> = HashMap::new();
            while latest.len() < skus.len() || latest.values().any(|revision| *revision <= CHANGES) {
                let badge = next(&mut events).await;
                let revision = badge["revision"].as_i64().unwrap();
                let before = latest.insert(badge["sku"].as_str().unwrap().to_owned(), revision);
                assert!(before.is_none_or(|before| before < revision), "{before:?} then {revision}");
                if number % 3 == 0 {
                    // A slow one: what it has not taken yet is replaced, never queued.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        })
    });
    join_all(writers).await.into_iter().for_each(|writer| writer.unwrap());
    join_all(watchers).await.into_iter().for_each(|watcher| watcher.unwrap());
}

async fn a_slow_watcher_gets_the_latest_badge_alone(shop: Shop) {
    let running = shop.start().await;
    let executor = &*running.executor;
    let mut events = watch(executor, WATCH, json!({"skus": [sku(1, 1)]}), "stockBadges");
    let mut other = watch(executor, WATCH, json!({"skus": [sku(1, 1)]}), "stockBadges");
    assert_eq!(next(&mut events).await["revision"], 1);
    assert_eq!(next(&mut other).await["revision"], 1);
    for _ in 0..10 {
        adjust(executor, &sku(1, 1), 1).await;
    }
    // What the second watcher has, the feed had put into the first one's mailbox before.
    while next(&mut other).await["revision"] != 11 {}
    assert_eq!(next(&mut events).await["revision"], 11);
}

async fn a_badge_that_changed_while_the_bus_was_silent_arrives_by_comparison(shop: Shop) {
    let config = selvedge_inventory::Config { badge_resync_ms: 200, ..shop.config() };
    let running = shop.start_with(config).await;
    let mut events = watch(&*running.executor, WATCH, json!({"skus": [sku(1, 1)]}), "stockBadges");
    assert_eq!(next(&mut events).await["revision"], 1);
    // Another process writes: it has a bus of its own, and its relay publishes there.
    shop.overwrite_badge(&sku(1, 1), 3, 7).await;
    let badge = next(&mut events).await;
    assert_eq!((&badge["available"], &badge["revision"]), (&json!(3), &json!(7)));
}

async fn too_many_skus_are_refused(shop: Shop) {
    let running = shop.start().await;
    let skus: Vec<String> = (0..251).map(|number| format!("S{number}")).collect();
    let identity = selvedge_kit::identity::Identity::default();
    let mut responses = running.executor.execute_stream(request(identity, WATCH, json!({"skus": skus})));
    let refused = serde_json::to_value(responses.next().await.unwrap()).unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(refused["errors"][0]["message"], "`skus` has 251 entries, at most 250 can be asked for at once");
}

async fn it_is_ready_once_started(shop: Shop) {
    let running = shop.start().await;
    assert_eq!(running.readiness.failures(), []);
    assert_eq!(running.name, "inventory");
    shop.stop();
    for task in running.tasks {
        timeout(Duration::from_secs(10), task).await.expect("work goes on after shutdown").unwrap();
    }
}

on_each_engine!(
    the_current_badge_comes_first_then_changes,
    no_watcher_misses_the_latest_revision_under_writes,
    a_slow_watcher_gets_the_latest_badge_alone,
    a_badge_that_changed_while_the_bus_was_silent_arrives_by_comparison,
    too_many_skus_are_refused,
    it_is_ready_once_started,
);
