//! Pages that are kept alive: `query @live`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::support::{Shop, Socket, on_both_columns};

on_both_columns!(a_page_that_lives_follows_stock_and_prices, a_page_that_lives_is_sent_as_patches);

const PAGE: &str = "query($id: ID!) @live { product(id: $id) { id handle revision priceRange { min { amount } }
    variants { id sku price { amount } badge { sku available revision } } similar(first: 2) { product { id title } } } }";
const PATCHED: &str =
    "query($id: ID!) @live(patch: true) { product(id: $id) { id variants { sku badge { available } } } }";

/// A payload of a live query.
async fn payload(socket: &mut Socket) -> Value {
    let mut message = socket.message().await;
    assert!(message["type"] == "next" && message["payload"]["errors"].is_null(), "{message}");
    message["payload"].take()
}

/// Answers until one fits.
async fn until(socket: &mut Socket, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let product = payload(socket).await["data"]["product"].take();
        if fits(&product) {
            return product;
        }
    }
}

async fn reserve(shop: &Shop, sku: &Value, key: &str) {
    let reserve =
        "mutation($sku: String!, $key: String!) { reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }] },
        idempotencyKey: $key) { userErrors { message } } }";
    let done = shop.anonymous().ask(reserve, json!({ "sku": sku, "key": key })).await;
    assert_eq!(done["reserveStock"]["userErrors"], json!([]), "{done}");
}

async fn a_page_that_lives_follows_stock_and_prices(shop: Arc<Shop>) {
    let product = shop.take_product().await;
    let mut socket = shop.socket(&shop.sign_in("live-watcher").await).await;
    socket.subscribe("page", PAGE, json!({ "id": product["id"] })).await;
    let first = payload(&mut socket).await;
    assert_eq!(first["revision"], 1, "{first}");
    let shown = &first["data"]["product"];
    let (sku, available) = (&shown["variants"][0]["sku"], shown["variants"][0]["badge"]["available"].as_i64().unwrap());
    reserve(&shop, sku, "live page").await;
    until(&mut socket, |product| product["variants"][0]["badge"]["available"] == available - 1).await;

    let set = "mutation($sku: String!, $price: Int!, $revision: Int!) {
        variantPricesSet(idempotencyKey: \"live price\", input: { prices: [
            { sku: $sku, price: $price, expectedRevision: $revision }] }) { userErrors { message } } }";
    let variables = json!({ "sku": sku, "price": 12_345, "revision": shown["revision"] });
    let done = shop.staff("catalog:write").ask(set, variables).await;
    assert_eq!(done["variantPricesSet"]["userErrors"], json!([]), "{done}");
    until(&mut socket, |product| product["variants"][0]["price"]["amount"] == 12_345).await;
    assert!(socket.is_silent(Duration::from_millis(300)).await, "nothing else has changed");
}

async fn a_page_that_lives_is_sent_as_patches(shop: Arc<Shop>) {
    let product = shop.take_product().await;
    let mut socket = shop.socket(&shop.anonymous()).await;
    socket.subscribe("page", PATCHED, json!({ "id": product["id"] })).await;
    let first = payload(&mut socket).await;
    let variant = &first["data"]["product"]["variants"][0];
    let available = variant["badge"]["available"].as_i64().unwrap();
    reserve(&shop, &variant["sku"], "live patch").await;
    let step = payload(&mut socket).await;
    let expected = json!([{ "op": "replace", "path": "/product/variants/0/badge/available", "value": available - 1 }]);
    assert_eq!((&step["patch"], &step["revision"]), (&expected, &json!(2)), "{step}");
}
