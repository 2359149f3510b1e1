//! Projections as staff reads them, no older than their own writes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(a_read_is_never_older_than_asked, what_is_no_position_is_refused);

const ADJUST: &str = "mutation($key: String!, $sku: String!, $delta: Int!) {
    inventoryAdjustQuantities(idempotencyKey: $key, input: {name: AVAILABLE, reason: RECEIVED,
        changes: [{sku: $sku, locationId: \"l1\", delta: $delta}]}) { position userErrors { code } } }";
const LOW: &str =
    "query($atLeast: String, $threshold: Int) { lowStock(atLeast: $atLeast, threshold: $threshold, first: 3) {
    nodes { available version variant { sku } location { code } quantities { onHand } } pageInfo { hasNextPage } } }";
const MOVED: &str = "query($sku: String!, $atLeast: String) { stockMovements(sku: $sku, atLeast: $atLeast,
    from: \"2026-01-01T00:00:00Z\", until: \"2026-12-31T00:00:00Z\") { kind events piecesIn piecesOut } }";

async fn add(shop: &Shop, key: &str, delta: i32) -> Value {
    let variables = json!({"key": key, "sku": sku(1, 1), "delta": delta});
    let done = shop.data_for(staff(&["inventory:write"]), ADJUST, variables).await;
    assert_eq!(done["inventoryAdjustQuantities"]["userErrors"], json!([]));
    done["inventoryAdjustQuantities"]["position"].clone()
}

async fn a_read_is_never_older_than_asked(shop: Shop) {
    let position = add(&shop, "k1", 2).await;
    // Nobody projects: it says how far behind it is instead of answering what was.
    let (code, message) = shop.error_for(staff(&["inventory:read"]), LOW, json!({"atLeast": position})).await;
    assert_eq!(code, "POSITION_NOT_REACHED");
    assert!(message.contains("`low_stock` is 1 events"), "{message}");

    let _running = shop.start().await;
    let mut last = Value::Null;
    for round in 0..5 {
        last = add(&shop, &format!("round-{round}"), 1).await;
        let variables = json!({"atLeast": last, "threshold": 100});
        let seen = shop.data_for(staff(&["store"]), LOW, variables).await["lowStock"].take();
        // The sample has levels without events; the projection knows what the events say.
        let node = json!({"available": 3 + round, "version": 2 + round, "variant": {"sku": sku(1, 1)},
            "location": {"code": "L1"}, "quantities": {"onHand": 3 + round}});
        assert_eq!(seen, json!({"nodes": [node], "pageInfo": {"hasNextPage": false}}));
    }
    let variables = json!({"sku": sku(1, 1), "atLeast": last});
    let moved = shop.data_for(staff(&["merchandiser"]), MOVED, variables).await;
    assert_eq!(moved["stockMovements"], json!([{"kind": "RECEIVED", "events": 6, "piecesIn": 7, "piecesOut": 0}]));
    tokio::time::sleep(Duration::from_millis(10)).await;
    shop.stop();
}

async fn what_is_no_position_is_refused(shop: Shop) {
    for position in ["", "7", "t7g"] {
        let refused = shop.error_for(staff(&["admin"]), LOW, json!({"atLeast": position})).await;
        assert_eq!(refused.0, "BAD_USER_INPUT");
    }
    let of_another = if shop.is_postgres() { "e1" } else { "t1" };
    let (code, message) = shop.error_for(staff(&["admin"]), LOW, json!({"atLeast": of_another})).await;
    assert_eq!((code.as_str(), message.as_str()), ("BAD_USER_INPUT", "`atLeast` is a position of another database"));
    assert_eq!(shop.error(LOW, json!({})).await.0, "UNAUTHENTICATED");
    assert_eq!(shop.error_for(staff(&["customer"]), LOW, json!({})).await.0, "FORBIDDEN");
}
