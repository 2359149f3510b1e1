//! Starting again, and stopping well.

use std::time::Duration;

use serde_json::json;

use crate::support::{Column, Shop, on_own_shops};

on_own_shops!(12 => a_shop_that_stops_tells_its_clients_and_ends_well);

async fn a_shop_that_stops_tells_its_clients_and_ends_well(mut shop: Shop) {
    let shopper = shop.anonymous();
    let sku = shop.take_sku().await;
    let mut socket = shop.socket(&shopper).await;
    let query = "subscription($skus: [String!]!) { stockBadges(skus: $skus) { sku } }";
    socket.subscribe("open", query, json!({ "skus": [sku] })).await;
    assert_eq!(socket.event().await["stockBadges"]["sku"], sku.as_str());

    let edge = shop.edge();
    edge.terminate();
    assert_eq!(socket.closed().await, 1001);
    let status = edge.ended(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", edge.output());
    assert!(reqwest::get(format!("{}/health", shop.url)).await.is_err());
}

#[tokio::test]
async fn a_shop_keeps_its_data_when_it_starts_again_sqlite_embedded_in_process() {
    let mut shop = Shop::own((Column::SqliteEmbeddedInProcess, &[]), "", 120).await.unwrap();
    let customer = shop.sign_in("keeper").await;
    let product = shop.take_product().await;
    let sku = shop.take_sku().await;
    let wish = "mutation($id: ID!) { addToWishlist(productId: $id) { userErrors { code } } }";
    customer.ask(wish, json!({ "id": product["id"] })).await;
    let reserve = "mutation($sku: String!) { reserveStock(input: { lines: [{ sku: $sku, quantity: 2 }] },
        idempotencyKey: \"kept\") { reservation { id } userErrors { code } } }";
    let reserved = customer.ask(reserve, json!({ "sku": sku })).await;
    let state = "query($sku: String!) { me { wishlist { nodes { product { id title } } } } products { totalCount }
        variant(sku: $sku) { badge { available revision } } }";
    let before = customer.ask(state, json!({ "sku": sku })).await;

    let took = shop.restart_embedded().await;
    println!("warm start: {} ms", took.as_millis());
    assert!(took < Duration::from_secs(10), "{took:?}");
    let customer = shop.sign_in("keeper").await;
    assert_eq!(customer.ask(state, json!({ "sku": sku })).await, before);
    assert_eq!(customer.ask(reserve, json!({ "sku": sku })).await, reserved);
    assert_eq!(customer.ask(state, json!({ "sku": sku })).await, before);
    let (status, said, problems) = shop.tool(&["ledger", "verify"]);
    assert_eq!(status, Some(0), "{said}{problems}");
}
