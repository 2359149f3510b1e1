//! What a piece costs: tiers and promotions.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(
    tiers_and_promotions_make_the_quote,
    a_price_begins_and_ends_by_the_clock,
    staff_makes_changes_and_takes_away_promotions,
    what_cannot_be_is_refused,
);

const CREATE: &str = "mutation($key: String!, $input: PromotionInput!) {
    promotionCreate(idempotencyKey: $key, input: $input) {
        promotion { id title code revision targets { all productIds variantIds categories } }
        userErrors { field code message } } }";
const TIERS: &str = "mutation($key: String!, $variants: [VariantPriceTiersInput!]!) {
    priceTiersSet(idempotencyKey: $key, input: { variants: $variants }) {
        variants { sku } userErrors { field code message } } }";
const QUOTE: &str = "query($sku: String!, $quantity: Int!, $codes: [String!]) { variant(sku: $sku) { price { amount }
    priceFor(quantity: $quantity, codes: $codes) { unitPrice { amount currencyCode } total { amount }
        compareAtPrice { amount } source tier { minimumQuantity unitPrice { amount } }
        appliedPromotions { title discount { amount } } } } }";

async fn by_staff(shop: &Shop, query: &str, variables: Value) -> Value {
    shop.data_for(staff(&["catalog:write"]), query, variables).await
}

async fn create(shop: &Shop, key: &str, input: Value) -> Value {
    let done = by_staff(shop, CREATE, json!({ "key": key, "input": input })).await["promotionCreate"].take();
    assert_eq!(done["userErrors"], json!([]));
    done["promotion"].clone()
}

async fn quote(shop: &Shop, sku: &str, quantity: i32, codes: &[&str]) -> Value {
    let variables = json!({ "sku": sku, "quantity": quantity, "codes": codes });
    shop.data(QUOTE, variables).await["variant"]["priceFor"].take()
}

async fn tiers_and_promotions_make_the_quote(shop: Shop) {
    // SKU-01-0 costs 1500.
    let plain = quote(&shop, &sku(1, 0), 3, &[]).await;
    assert_eq!(plain["total"]["amount"], 4_500);
    assert_eq!((&plain["source"], &plain["compareAtPrice"]), (&json!("BASE"), &Value::Null));
    let tiers = json!([{ "minimumQuantity": 5, "unitPrice": 1_400 }, { "minimumQuantity": 10, "unitPrice": 1_201 }]);
    let set = by_staff(&shop, TIERS, json!({ "key": "t", "variants": [{ "sku": sku(1, 0), "tiers": tiers }] })).await;
    assert_eq!(set["priceTiersSet"]["userErrors"], json!([]));
    let ten = quote(&shop, &sku(1, 0), 10, &[]).await;
    assert_eq!((&ten["total"]["amount"], &ten["tier"]["minimumQuantity"]), (&json!(12_010), &json!(10)));
    assert_eq!(quote(&shop, &sku(1, 0), 4, &[]).await["unitPrice"]["amount"], 1_500);

    let percent = json!({ "title": "Ten off", "kind": "PERCENTAGE", "value": 1_000, "combinable": true,
        "targets": { "productIds": ["p01"] } });
    create(&shop, "a", percent).await;
    let coded = json!({ "title": "With a code", "code": "Spring-1", "kind": "FIXED_AMOUNT", "value": 100,
        "currencyCode": "EUR", "combinable": true, "priority": 5, "targets": { "variantIds": ["v01-0"] } });
    let coded = create(&shop, "b", coded).await;
    assert_eq!(coded["code"], "SPRING-1");
    let dollars = json!({ "title": "Elsewhere", "kind": "FIXED_PRICE", "value": 1, "currencyCode": "USD",
        "targets": { "all": true } });
    create(&shop, "c", dollars).await;
    let ten = quote(&shop, &sku(1, 0), 10, &[]).await;
    // 1201 less a tenth is 1080.9.
    assert_eq!((&ten["unitPrice"]["amount"], &ten["source"]), (&json!(1_081), &json!("PROMOTION")));
    assert_eq!(ten["compareAtPrice"]["amount"], 1_500);
    let both = quote(&shop, &sku(1, 0), 10, &["spring-1"]).await;
    let applied = json!([{ "title": "With a code", "discount": { "amount": 100 } },
        { "title": "Ten off", "discount": { "amount": 110 } }]);
    assert_eq!((&both["unitPrice"]["amount"], &both["appliedPromotions"]), (&json!(991), &applied));
    // Another variant of the product has the one of the product alone, another product none.
    assert_eq!(quote(&shop, &sku(1, 1), 1, &["SPRING-1"]).await["unitPrice"]["amount"], 1_350);
    assert_eq!(quote(&shop, &sku(2, 0), 1, &["SPRING-1"]).await["source"], "BASE");
    let category = json!({ "title": "Shirts", "kind": "FIXED_PRICE", "value": 5, "currencyCode": "EUR",
        "targets": { "categories": ["Shirts"] } });
    create(&shop, "d", category).await;
    assert_eq!(quote(&shop, &sku(2, 0), 1, &[]).await["unitPrice"]["amount"], 5);
    // The base price keeps its meaning.
    let base =
        shop.data("query($sku: String!) { variant(sku: $sku) { price { amount } } }", json!({ "sku": sku(1, 0) }));
    assert_eq!(base.await["variant"]["price"]["amount"], 1_500);
}

async fn a_price_begins_and_ends_by_the_clock(shop: Shop) {
    let now = Utc::now();
    let (start, end) = (now + TimeDelta::milliseconds(1_500), now + TimeDelta::milliseconds(3_500));
    let input = json!({ "title": "Two seconds", "kind": "FIXED_PRICE", "value": 77, "currencyCode": "EUR",
        "startsAt": start, "endsAt": end, "targets": { "all": true } });
    create(&shop, "k", input).await;
    assert_eq!(quote(&shop, &sku(3, 0), 1, &[]).await["source"], "BASE", "not before it starts");
    let until =
        |time: DateTime<Utc>| (time - Utc::now() + TimeDelta::milliseconds(50)).to_std().unwrap_or(Duration::ZERO);
    tokio::time::sleep(until(start)).await;
    assert_eq!(quote(&shop, &sku(3, 0), 1, &[]).await["unitPrice"]["amount"], 77, "as soon as it has started");
    tokio::time::sleep(until(end)).await;
    assert_eq!(quote(&shop, &sku(3, 0), 1, &[]).await["source"], "BASE", "as soon as it has ended");
}

async fn staff_makes_changes_and_takes_away_promotions(shop: Shop) {
    let input = |title: &str, value: i32| json!({ "title": title, "kind": "PERCENTAGE", "value": value, "targets": { "all": true } });
    let made = create(&shop, "k1", input("One", 5_000)).await;
    let again = create(&shop, "k1", input("One", 5_000)).await;
    assert_eq!(made, again);
    let update = "mutation($id: ID!, $revision: Int!, $input: PromotionInput!, $key: String!) {
        promotionUpdate(id: $id, expectedRevision: $revision, input: $input, idempotencyKey: $key) {
            promotion { title revision } userErrors { code } } }";
    let change = async |key: &str, revision: i32| {
        let variables = json!({ "id": made["id"], "revision": revision, "key": key, "input": input("Two", 2_500) });
        by_staff(&shop, update, variables).await["promotionUpdate"].take()
    };
    assert_eq!(change("k2", 1).await["promotion"], json!({ "title": "Two", "revision": 2 }));
    assert_eq!(change("k3", 1).await["userErrors"], json!([{ "code": "VERSION_CONFLICT" }]));
    assert_eq!(quote(&shop, &sku(3, 0), 1, &[]).await["unitPrice"]["amount"], 1_875);
    let list = "{ promotions(first: 5) { nodes { title kind value } } }";
    let listed = by_staff(&shop, list, json!({})).await;
    assert_eq!(listed["promotions"]["nodes"], json!([{ "title": "Two", "kind": "PERCENTAGE", "value": 2_500 }]));
    assert_eq!(shop.error(list, json!({})).await.0, "UNAUTHENTICATED");
    let delete = "mutation($id: ID!, $key: String!) { promotionDelete(id: $id, idempotencyKey: $key) {
        userErrors { code } } }";
    let gone = by_staff(&shop, delete, json!({ "id": made["id"], "key": "k4" })).await;
    assert_eq!(gone["promotionDelete"]["userErrors"], json!([]));
    let gone = by_staff(&shop, delete, json!({ "id": made["id"], "key": "k5" })).await;
    assert_eq!(gone["promotionDelete"]["userErrors"], json!([{ "code": "UNKNOWN_PROMOTION" }]));
    assert_eq!(quote(&shop, &sku(3, 0), 1, &[]).await["source"], "BASE");
}

async fn what_cannot_be_is_refused(shop: Shop) {
    let good = json!({ "title": "T", "code": "A", "kind": "PERCENTAGE", "value": 1, "targets": { "all": true } });
    create(&shop, "good", good.clone()).await;
    let at = "2026-01-01T00:00:00Z";
    let cases = [
        (json!({ "title": "" }), "INVALID_INPUT"),
        (json!({ "code": "no spaces" }), "INVALID_INPUT"),
        (json!({ "code": "a" }), "NAME_TAKEN"),
        (json!({ "code": "B", "value": 10_001 }), "INVALID_PRICE"),
        (json!({ "code": "B", "kind": "FIXED_AMOUNT" }), "INVALID_INPUT"),
        (json!({ "code": "B", "startsAt": at, "endsAt": at }), "INVALID_INPUT"),
        (json!({ "code": "B", "targets": {} }), "TOO_MANY_LINES"),
        (json!({ "code": "B", "targets": { "productIds": ["none"] } }), "INVALID_INPUT"),
    ];
    for (index, (difference, code)) in cases.into_iter().enumerate() {
        let mut input = good.clone();
        input.as_object_mut().unwrap().extend(difference.as_object().unwrap().clone());
        let variables = json!({ "key": format!("bad {index}"), "input": input });
        let refused = by_staff(&shop, CREATE, variables).await["promotionCreate"].take();
        assert_eq!((&refused["userErrors"][0]["code"], &refused["promotion"]), (&json!(code), &Value::Null), "{input}");
    }
    for (tier, code) in [
        (json!({ "minimumQuantity": 0, "unitPrice": 1 }), "INVALID_QUANTITY"),
        (json!({ "minimumQuantity": 1, "unitPrice": -1 }), "INVALID_PRICE"),
    ] {
        let variables = json!({ "key": code, "variants": [{ "sku": sku(1, 0), "tiers": [tier] }] });
        let refused = by_staff(&shop, TIERS, variables).await;
        assert_eq!(refused["priceTiersSet"]["userErrors"][0]["code"], code);
    }
    let many = json!({ "sku": sku(1, 0), "quantity": 10_001, "codes": [] });
    assert_eq!(shop.error(QUOTE, many).await.0, "BAD_USER_INPUT");
}
