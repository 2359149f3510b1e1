//! Holding stock, once per key.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Shop, Shopper, on_both_columns};

on_both_columns!(the_same_key_holds_once, more_than_there_is_holds_nothing);

const RESERVE: &str = "mutation($lines: [ReserveLineInput!]!, $key: String!) { reserveStock(input: { lines: $lines },
    idempotencyKey: $key) { reservation { id status lines { quantity variant { sku } location { code } } }
    userErrors { code field message } } }";

async fn available(shopper: &Shopper, sku: &str) -> i64 {
    let badge = "query($sku: String!) { variant(sku: $sku) { badge { available } } }";
    shopper.ask(badge, json!({ "sku": sku })).await["variant"]["badge"]["available"].as_i64().unwrap()
}

async fn reserve(shopper: &Shopper, lines: Value, key: &str) -> Value {
    shopper.ask(RESERVE, json!({ "lines": lines, "key": key })).await["reserveStock"].take()
}

async fn the_same_key_holds_once(shop: Arc<Shop>) {
    let shopper = shop.sign_in("idempotent").await;
    let sku = shop.take_sku().await;
    let before = available(&shopper, &sku).await;
    let line = json!([{ "sku": sku, "quantity": 1 }]);
    let (first, at_once) =
        futures::future::join(reserve(&shopper, line.clone(), "cart 1"), reserve(&shopper, line.clone(), "cart 1"))
            .await;
    let later = reserve(&shopper, line, "cart 1").await;
    assert!(first["reservation"]["id"].is_string(), "{first}");
    assert_eq!((&first, &first), (&at_once, &later));
    assert_eq!(available(&shopper, &sku).await, before - 1);

    let other = reserve(&shopper, json!([{ "sku": sku, "quantity": 2 }]), "cart 1").await;
    assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{other}");
    assert_eq!(available(&shopper, &sku).await, before - 1);

    // It is the customer's own.
    let reservation = "query($id: ID!) { reservation(id: $id) { status } }";
    let id = json!({ "id": first["reservation"]["id"] });
    assert_eq!(shopper.ask(reservation, id.clone()).await["reservation"]["status"], "ACTIVE");
    let stranger = shop.sign_in("stranger").await;
    assert_eq!(stranger.ask(reservation, id).await["reservation"], Value::Null);
}

async fn more_than_there_is_holds_nothing(shop: Arc<Shop>) {
    let shopper = shop.anonymous();
    let (sku, other) = (shop.take_sku().await, shop.take_sku().await);
    let (before, of_other) = (available(&shopper, &sku).await, available(&shopper, &other).await);
    let lines = json!([{ "sku": other, "quantity": 1 }, { "sku": sku, "quantity": before + 1 }]);
    let refused = reserve(&shopper, lines, "too many").await;
    assert_eq!(refused["reservation"], Value::Null);
    assert_eq!(refused["userErrors"][0]["code"], "INSUFFICIENT_STOCK", "{refused}");
    assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains(&sku), "{refused}");
    assert_eq!((available(&shopper, &sku).await, available(&shopper, &other).await), (before, of_other));

    let unknown = reserve(&shopper, json!([{ "sku": "NO-SUCH", "quantity": 1 }]), "unknown").await;
    assert_eq!(unknown["userErrors"][0]["code"], "UNKNOWN_SKU", "{unknown}");
    let none = reserve(&shopper, json!([{ "sku": sku, "quantity": 0 }]), "none").await;
    assert_eq!(none["userErrors"][0]["code"], "INVALID_QUANTITY", "{none}");
}
