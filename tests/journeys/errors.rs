//! Mistakes, and what people are told.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;

use crate::support::{Shop, on_both_columns, read};

on_both_columns!(
    stock_is_adjusted_by_staff_alone,
    a_bad_token_is_refused,
    what_is_wrong_with_a_query_is_said,
    what_is_wrong_with_a_request_is_said,
);

async fn stock_is_adjusted_by_staff_alone(shop: Arc<Shop>) {
    let adjust = "mutation { inventoryAdjustQuantities(input: { reason: CORRECTION, changes: [
        { sku: \"A\", locationId: \"1\", delta: 1 }] }, idempotencyKey: \"k\") { userErrors { code message } } }";
    let anonymous = shop.anonymous().answer(adjust, json!({})).await;
    assert_eq!(anonymous.codes(), ["UNAUTHENTICATED"]);
    let customer = shop.sign_in("no-staff").await.answer(adjust, json!({})).await;
    assert_eq!(customer.codes(), ["FORBIDDEN"]);
    assert!(customer.errors[0]["message"].as_str().unwrap().contains("inventory:write"), "{customer:?}");
    let other = shop.staff("customers:read").answer(adjust, json!({})).await;
    assert_eq!(other.codes(), ["FORBIDDEN"]);
    let staff = shop.staff("inventory:write").ask(adjust, json!({})).await;
    assert_eq!(staff["inventoryAdjustQuantities"]["userErrors"][0]["code"], "UNKNOWN_SKU");
}

async fn a_bad_token_is_refused(shop: Arc<Shop>) {
    let mut liar = shop.sign_in("liar").await;
    let (rest, signature) = liar.token.as_deref().unwrap().rsplit_once('.').unwrap();
    liar.token = Some(format!("{rest}.{}", signature.chars().rev().collect::<String>()));
    let answer = liar.answer("{ me { id } }", json!({})).await;
    assert_eq!((answer.status, answer.codes()), (401, vec!["UNAUTHENTICATED"]));
}

async fn what_is_wrong_with_a_query_is_said(shop: Arc<Shop>) {
    let shopper = shop.anonymous();
    let unknown = shopper.answer("{ products { nodes { titel } } }", json!({})).await;
    assert_eq!(unknown.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    let message = unknown.errors[0]["message"].as_str().unwrap();
    assert!(message.contains("titel") && message.contains("Product"), "{message}");
    assert_eq!(unknown.errors[0]["locations"], json!([{ "line": 1, "column": 22 }]));

    let unfinished = shopper.answer("{ products { ", json!({})).await;
    assert_eq!(unfinished.codes(), ["GRAPHQL_PARSE_FAILED"]);

    let query = "query($skus: [String!]!) { stockBadges(skus: $skus) { sku } }";
    let variable = shopper.answer(query, json!({ "skus": [7] })).await;
    assert!(variable.errors[0]["message"].as_str().unwrap().contains("skus"), "{variable:?}");
    let missing = shopper.answer(query, json!({})).await;
    assert!(missing.errors[0]["message"].as_str().unwrap().contains("skus"), "{missing:?}");

    let too_many = shopper.answer("{ products(first: 251) { totalCount } }", json!({})).await;
    assert_eq!(too_many.codes(), ["BAD_USER_INPUT"], "{too_many:?}");
    assert!(too_many.errors[0]["message"].as_str().unwrap().contains("250"), "{too_many:?}");
}

async fn what_is_wrong_with_a_request_is_said(shop: Arc<Shop>) {
    let shopper = shop.anonymous();
    let not_json = shopper.send("{\"query\":").await;
    assert_eq!((not_json.status, not_json.codes()), (400, vec!["BAD_REQUEST"]));
    let no_query = shopper.send("{\"variables\":{}}").await;
    assert_eq!(no_query.status, 400);
    assert!(no_query.errors[0]["message"].as_str().unwrap().contains("query"), "{no_query:?}");

    let mutation =
        [("query", "mutation { releaseReservation(id: \"x\", idempotencyKey: \"k\") { userErrors { code } } }")];
    let get = shopper.get(&mutation).header("apollo-require-preflight", "1");
    let get = read(get).await;
    assert_eq!((get.status, get.codes()), (405, vec!["METHOD_NOT_ALLOWED"]));
    // What a foreign page can make a browser send.
    let form = shopper.request(Method::POST, "/graphql").header("content-type", "text/plain").body("{}");
    let form = read(form).await;
    assert!((400..500).contains(&form.status), "{form:?}");
    let query = shopper.get(&[("query", "{ products { totalCount } }")]);
    let query = read(query.header("apollo-require-preflight", "1")).await;
    assert!(query.data["products"]["totalCount"].as_u64().unwrap() > 0);
}
