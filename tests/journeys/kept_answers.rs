//! Answers that the gateway keeps: fast, and never untrue.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Settings, Shop, Shopper, eventually, on_both_columns};

/// In both columns, so that the events that end answers come through the process, and through Redis.
const KEEPING: Settings = &[("SELVEDGE_CACHE__ENABLED", "true")];

on_both_columns!(with super::KEEPING =>
    a_sale_changes_the_next_answer_of_everyone,
    who_buys_sees_it_at_once,
    a_price_is_in_the_next_answer_of_everyone,
    what_is_kept_for_one_customer_is_not_shown_to_another
);

const PAGE: &str =
    "query($id: ID!) { product(id: $id) { id title totalAvailable variants { id sku badge { sku available
    revision } } } }";
/// How long a change may stay unseen; on a machine that runs all tests at once this says that events work, no more.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// How many requests `inventory` got for a page, and its available units of the first variant.
async fn look(shopper: &Shopper, id: &Value) -> (u64, i64) {
    let answer = shopper.answer(PAGE, json!({ "id": id })).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let asked = answer.extensions["selvedge"]["subgraphRequests"]["inventory"].as_u64().unwrap_or_default();
    (asked, answer.data["product"]["variants"][0]["badge"]["available"].as_i64().unwrap())
}

async fn reserve(shopper: &Shopper, sku: &Value, key: &str) {
    let reserve =
        "mutation($sku: String!, $key: String!) { reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }] },
        idempotencyKey: $key) { userErrors { message } } }";
    let done = shopper.ask(reserve, json!({ "sku": sku, "key": key })).await;
    assert_eq!(done["reserveStock"]["userErrors"], json!([]), "{done}");
}

/// A product that no other test uses, with enough of its first variant.
async fn stocked(shop: &Shop) -> Value {
    loop {
        let product = shop.take_product().await;
        if product["variants"][0]["badge"]["available"].as_i64().unwrap() >= 12 {
            return product;
        }
    }
}

/// Asks until a page is kept; in the distributed column the gateway first has to find the bus.
async fn until_kept(shopper: &Shopper, id: &Value) -> i64 {
    eventually("the page is kept", Duration::from_secs(10), || async {
        let (asked, available) = look(shopper, id).await;
        (asked == 0).then_some(available)
    })
    .await
}

async fn a_sale_changes_the_next_answer_of_everyone(shop: Arc<Shop>) {
    let (watcher, buyer) = (shop.anonymous(), shop.sign_in("kept-buyer").await);
    let product = stocked(&shop).await;
    let sku = &product["variants"][0]["sku"];
    let mut available = until_kept(&watcher, &product["id"]).await;
    for number in 0..3 {
        reserve(&buyer, sku, &format!("kept {number}")).await;
        let began = Instant::now();
        available -= 1;
        eventually("the sale is seen", SEEN_WITHIN, || async {
            (look(&watcher, &product["id"]).await.1 == available).then_some(())
        })
        .await;
        println!("sale → seen by others: {} ms", began.elapsed().as_millis());
        // And it stays so: what was read before the sale does not come back.
        for _ in 0..3 {
            assert_eq!(until_kept(&watcher, &product["id"]).await, available);
        }
    }
}

async fn who_buys_sees_it_at_once(shop: Arc<Shop>) {
    let product = stocked(&shop).await;
    let sku = &product["variants"][0]["sku"];
    for (number, shopper) in [shop.sign_in("kept-reader").await, shop.anonymous()].iter().enumerate() {
        let mut available = until_kept(shopper, &product["id"]).await;
        for round in 0..5 {
            reserve(shopper, sku, &format!("own {number} {round}")).await;
            available -= 1;
            assert_eq!(look(shopper, &product["id"]).await.1, available, "round {round}");
        }
    }
}

async fn a_price_is_in_the_next_answer_of_everyone(shop: Arc<Shop>) {
    let page = "query($id: ID!) { product(id: $id) { id handle revision priceRange { min { amount } }
        variants { id sku price { amount } compareAtPrice { amount } } } }";
    let set = "mutation($sku: String!, $price: Int!, $former: Int!, $revision: Int!, $key: String!) {
        variantPricesSet(idempotencyKey: $key, input: { prices: [
            { sku: $sku, price: $price, compareAtPrice: $former, expectedRevision: $revision }] }) {
            variants { price { amount } } userErrors { message } } }";
    let product = shop.take_product().await;
    let id = &product["id"];
    let (watcher, staff) = (shop.anonymous(), shop.staff("catalog:write"));
    let look = async |shopper: &Shopper| {
        let answer = shopper.answer(page, json!({ "id": id })).await;
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let asked = answer.extensions["selvedge"]["subgraphRequests"]["inventory"].as_u64().unwrap_or_default();
        (asked, answer.data["product"].clone())
    };
    let kept = async || {
        eventually("the page is kept", Duration::from_secs(10), || async {
            let (asked, page) = look(&watcher).await;
            (asked == 0).then_some(page)
        })
        .await
    };
    for price in [123, 120] {
        let before = kept().await;
        let variables = json!({ "sku": before["variants"][0]["sku"], "price": price, "former": 99_999,
            "revision": before["revision"], "key": format!("price {price}") });
        let done = staff.ask(set, variables).await;
        assert_eq!(done["variantPricesSet"]["userErrors"], json!([]), "{done}");
        // Who has set it sees it at once: their gateway was told in the answer.
        assert_eq!(look(&staff).await.1["variants"][0]["price"]["amount"], price);
        let began = Instant::now();
        eventually("the price is seen", SEEN_WITHIN, || async {
            (look(&watcher).await.1["variants"][0]["price"]["amount"] == price).then_some(())
        })
        .await;
        println!("price → seen by others: {} ms", began.elapsed().as_millis());
        for _ in 0..3 {
            let now = kept().await;
            assert_eq!(now["priceRange"]["min"]["amount"], price);
            assert_eq!(now["variants"][0]["compareAtPrice"]["amount"], 99_999);
            assert!(now["revision"].as_i64() > before["revision"].as_i64());
        }
    }
}

async fn what_is_kept_for_one_customer_is_not_shown_to_another(shop: Arc<Shop>) {
    let product = shop.take_product().await;
    let id = json!({ "id": product["id"] });
    let wished = "query($id: ID!) { product(id: $id) { isWishlisted } me { id wishlist(first: 5) { totalCount } } }";
    let (ada, bob) = (shop.sign_in("kept-ada").await, shop.sign_in("kept-bob").await);
    let add = "mutation($id: ID!) { addToWishlist(productId: $id) { userErrors { code } } }";
    let seen = async |shopper: &Shopper| {
        let answer = shopper.ask(wished, id.clone()).await;
        (answer["product"]["isWishlisted"].clone(), answer["me"]["id"].clone())
    };
    assert_eq!(seen(&ada).await.0, json!(false));
    ada.ask(add, id.clone()).await;
    let mut customers = Vec::new();
    for _ in 0..3 {
        customers.push((seen(&ada).await, seen(&bob).await, seen(&shop.anonymous()).await));
    }
    for (of_ada, of_bob, of_nobody) in &customers {
        assert_eq!((&of_ada.0, &of_bob.0, &of_nobody.0), (&json!(true), &json!(false), &json!(false)));
        assert_ne!(of_ada.1, of_bob.1);
        assert_eq!(of_nobody.1, Value::Null);
    }
}
