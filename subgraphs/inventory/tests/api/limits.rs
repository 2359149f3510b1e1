//! What asks for too much is refused with the limit; what is not allowed, with what would be needed.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::shop::{Shop, staff};

async fn sizes_above_the_limit_are_refused_by_name(shop: Shop) {
    let products = "query($first: Int, $last: Int) { products(first: $first, last: $last) { nodes { id } } }";
    let message = async |variables: Value| {
        let (code, message) = shop.error(products, variables).await;
        assert_eq!(code, "BAD_USER_INPUT");
        message
    };
    assert_eq!(message(json!({"first": 251})).await, "`first` is 251, at most 250 can be asked for at once");
    assert_eq!(message(json!({"last": 1000})).await, "`last` is 1000, at most 250 can be asked for at once");
    assert_eq!(message(json!({"first": -1})).await, "`first` is -1, it must not be negative");
    assert_eq!(message(json!({"first": 1, "last": 1})).await, "give `first` or `last`, not both");
    shop.data(products, json!({"first": 250})).await;
}

async fn lists_above_the_limit_are_refused_by_name(shop: Shop) {
    let skus: Vec<String> = (0..251).map(|number| format!("S{number}")).collect();
    for field in ["stockBadges", "variants"] {
        let query = format!("query($skus: [String!]!) {{ {field}(skus: $skus) {{ sku }} }}");
        let error = shop.error(&query, json!({"skus": skus})).await;
        let message = "`skus` has 251 entries, at most 250 can be asked for at once";
        assert_eq!(error, ("BAD_USER_INPUT".to_owned(), message.to_owned()));
        shop.data(&query, json!({"skus": skus[..250]})).await;
    }
    let filtered = "query($filter: ProductFilter) { products(filter: $filter) { nodes { id } } }";
    let error = shop.error(filtered, json!({"filter": {"size": skus[..101]}})).await.1;
    assert_eq!(error, "filter `size` has 101 values, at most 100 can be given");
    let error = shop.error(filtered, json!({"filter": {"query": "x".repeat(201)}})).await.1;
    assert_eq!(error, "`query` has 201 characters, at most 200 can be given");
}

async fn one_key_is_needed_and_one_only(shop: Shop) {
    let error = shop.error("{ product { id } }", json!({})).await;
    assert_eq!(error, ("BAD_USER_INPUT".to_owned(), "give either `id` or `handle`".to_owned()));
    let error = shop.error("{ variant(id: \"a\", sku: \"b\") { id } }", json!({})).await;
    assert_eq!(error, ("BAD_USER_INPUT".to_owned(), "give either `id` or `sku`".to_owned()));
}

async fn an_idempotency_key_is_neither_empty_nor_a_book(shop: Shop) {
    let query =
        "mutation($key: String!) { releaseReservation(id: \"r\", idempotencyKey: $key) { userErrors { code } } }";
    for (key, length) in [(String::new(), 0), ("x".repeat(201), 201)] {
        let message = format!("`idempotencyKey` has {length} characters, 1 to 200 are possible");
        assert_eq!(shop.error(query, json!({"key": key})).await, ("BAD_USER_INPUT".to_owned(), message));
    }
}

async fn a_text_that_cannot_be_stored_is_refused_by_name(shop: Shop) {
    let reserve = "mutation($input: ReserveStockInput!, $key: String!) {
        reserveStock(input: $input, idempotencyKey: $key) { userErrors { code } } }";
    let line = json!([{"sku": "SKU-01-1", "quantity": 1}]);
    let nul = |name: &str| format!("`{name}` contains the character U+0000, which no text here has");
    let requests = [
        (json!({"input": {"lines": line}, "key": "a\u{0}b"}), nul("idempotencyKey")),
        (json!({"input": {"lines": [{"sku": "a\u{0}", "quantity": 1}]}, "key": "k"}), nul("sku")),
        (json!({"input": {"lines": line, "reference": "a\u{0}"}, "key": "k"}), nul("reference")),
        (
            json!({"input": {"lines": line, "reference": "x".repeat(501)}, "key": "k"}),
            "`reference` has 501 characters, at most 500 are possible".to_owned(),
        ),
    ];
    for (variables, message) in requests {
        assert_eq!(shop.error(reserve, variables).await, ("BAD_USER_INPUT".to_owned(), message));
    }
    for (field, name) in [
        ("product(handle: $text) { id }", "handle"),
        ("variant(sku: $text) { id }", "sku"),
        ("stockBadges(skus: [$text]) { sku }", "skus"),
        ("products(filter: {query: $text}) { nodes { id } }", "query"),
        ("products(filter: {vendor: [$text]}) { nodes { id } }", "vendor"),
    ] {
        let (code, message) =
            shop.error(&format!("query($text: String!) {{ {field} }}"), json!({"text": "a\u{0}b"})).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(&format!("`{name}`")) && message.contains("U+0000"), "{message}");
    }
}

async fn a_sum_beyond_32_bits_is_shown_as_the_most(shop: Shop) {
    let transaction = shop.store.begin_write().await.unwrap();
    let sql = "UPDATE variant SET badge_available = 2147483647";
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
    let data = shop.data("{ products(first: 5) { nodes { totalAvailable } } }", json!({})).await;
    for product in data["products"]["nodes"].as_array().unwrap() {
        assert_eq!(product["totalAvailable"], i32::MAX);
    }
}

const ADJUST: &str = "mutation { inventoryAdjustQuantities(idempotencyKey: \"k1\", input: {
    reason: RECEIVED, changes: [{sku: \"SKU-01-1\", locationId: \"l1\", delta: 3}] })
    { levels { quantities { onHand } variant { badge { available revision } } } userErrors { code } } }";

async fn stock_is_adjusted_only_with_the_scope(shop: Shop) {
    let (code, message) = shop.error(ADJUST, json!({})).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("UNAUTHENTICATED", "sign in with the scope `inventory:write` to do this")
    );
    let (code, message) = shop.error_for(staff(&["inventory:read"]), ADJUST, json!({})).await;
    assert_eq!((code.as_str(), message.as_str()), ("FORBIDDEN", "this needs the scope `inventory:write`"));
    let payload = shop.data_for(staff(&["inventory:write"]), ADJUST, json!({})).await;
    let level = json!({"quantities": {"onHand": 7}, "variant": {"badge": {"available": 10, "revision": 2}}});
    assert_eq!(payload["inventoryAdjustQuantities"], json!({"levels": [level], "userErrors": []}));
}

on_each_engine!(
    sizes_above_the_limit_are_refused_by_name,
    lists_above_the_limit_are_refused_by_name,
    one_key_is_needed_and_one_only,
    an_idempotency_key_is_neither_empty_nor_a_book,
    a_text_that_cannot_be_stored_is_refused_by_name,
    a_sum_beyond_32_bits_is_shown_as_the_most,
    stock_is_adjusted_only_with_the_scope,
);
