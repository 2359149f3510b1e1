//! The ledger as staff reads it.

use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(staff_reads_what_happened_and_what_was, shoppers_do_not_see_the_ledger);

const HISTORY: &str = "query($sku: String!, $after: String, $filter: StockHistoryFilter) { variant(sku: $sku) {
    history(first: 2, after: $after, filter: $filter) {
        pageInfo { hasNextPage endCursor }
        nodes { kind version reason actor reference correlationId idempotencyKey location { code }
            changes { onHand committed damaged } variant { sku } } }
    levels(first: 1) { nodes { history(first: 1) { nodes { kind version } } } } } }";
const STOCK_AT: &str = "query($sku: String!, $time: DateTime!, $place: ID) {
    stockAt(sku: $sku, locationId: $place, time: $time) { sku quantities { onHand available damaged }
        levels { location { code } version quantities { onHand } } }
    variant(sku: $sku) { stockAt(time: $time) { quantities { onHand } } } }";

async fn add(shop: &Shop, key: &str, location: &str, delta: i32) -> Value {
    let query = "mutation($key: String!, $sku: String!, $place: ID!, $delta: Int!) {
        inventoryAdjustQuantities(idempotencyKey: $key, input: {reason: RECEIVED, referenceDocumentUri: \"delivery-1\",
            changes: [{sku: $sku, locationId: $place, delta: $delta}]}) {
            levels { updatedAt version } userErrors { code } } }";
    let variables = json!({"key": key, "sku": sku(1, 1), "place": location, "delta": delta});
    let done = shop.data_for(staff(&["inventory:write"]), query, variables).await["inventoryAdjustQuantities"].take();
    assert_eq!(done["userErrors"], json!([]));
    done["levels"][0]["updatedAt"].clone()
}

async fn staff_reads_what_happened_and_what_was(shop: Shop) {
    let times = [add(&shop, "k1", "l1", 5).await, add(&shop, "k2", "l2", 4).await, add(&shop, "k3", "l1", 2).await];
    let reader = staff(&["merchandiser"]);
    let ask = async |variables: Value| shop.data_for(reader.clone(), HISTORY, variables).await["variant"].take();
    let seen = ask(json!({"sku": sku(1, 1)})).await;
    let event = json!({"kind": "RECEIVED", "version": 3, "reason": "RECEIVED", "actor": "staff-1",
        "reference": "delivery-1", "correlationId": "correlation-1", "idempotencyKey": "k3", "location": {"code": "L1"},
        "changes": {"onHand": 2, "committed": 0, "damaged": 0}, "variant": {"sku": sku(1, 1)}});
    assert_eq!(seen["history"]["nodes"][0], event);
    assert_eq!(seen["history"]["nodes"][1]["idempotencyKey"], "k2");
    assert_eq!(seen["levels"]["nodes"][0]["history"]["nodes"], json!([{"kind": "RECEIVED", "version": 3}]));
    assert_eq!(seen["history"]["pageInfo"]["hasNextPage"], true);
    let after = seen["history"]["pageInfo"]["endCursor"].clone();
    let rest = ask(json!({"sku": sku(1, 1), "after": after})).await;
    assert_eq!(rest["history"]["nodes"].as_array().unwrap().len(), 1);
    let none = ask(json!({"sku": sku(1, 1), "filter": {"kinds": ["EXPIRED"]}})).await;
    assert_eq!(none["history"]["nodes"], json!([]));

    // The sample has levels without events: a replay knows only what the events say.
    let at = async |time: &Value, place: Value| {
        let variables = json!({"sku": sku(1, 1), "time": time, "place": place});
        shop.data_for(reader.clone(), STOCK_AT, variables).await
    };
    let then = at(&times[0], Value::Null).await;
    let levels = json!([{"location": {"code": "L1"}, "version": 2, "quantities": {"onHand": 5}}]);
    let quantities = json!({"onHand": 5, "available": 5, "damaged": 0});
    if times[0] != times[1] {
        assert_eq!(then["stockAt"], json!({"sku": sku(1, 1), "quantities": quantities, "levels": levels}));
    }
    let then = at(&times[2], Value::Null).await;
    assert_eq!(
        (&then["stockAt"]["quantities"]["onHand"], &then["variant"]["stockAt"]["quantities"]["onHand"]),
        (&json!(11), &json!(11))
    );
    assert_eq!(at(&times[2], json!("l1")).await["stockAt"]["quantities"]["onHand"], 7);
    assert_eq!(at(&json!("2020-01-01T00:00:00Z"), Value::Null).await["stockAt"]["levels"], json!([]));
}

async fn shoppers_do_not_see_the_ledger(shop: Shop) {
    let history = "{ variant(sku: \"SKU-01-1\") { history { nodes { id } } } }";
    let past = "{ variant(sku: \"SKU-01-1\") { stockAt(time: \"2026-01-01T00:00:00Z\") { sku } } }";
    let root = "{ stockAt(sku: \"SKU-01-1\", time: \"2026-01-01T00:00:00Z\") { sku } }";
    let level = "{ variant(sku: \"SKU-01-1\") { levels(first: 1) { nodes { history { nodes { id } } } } } }";
    for query in [history, past, root, level] {
        assert_eq!(shop.error(query, json!({})).await.0, "UNAUTHENTICATED");
        assert_eq!(shop.error_for(staff(&["customer"]), query, json!({})).await.0, "FORBIDDEN");
    }
}
