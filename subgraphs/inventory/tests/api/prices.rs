//! Base prices, as merchandisers set them.

use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::entity::outbox;
use serde_json::{Value, json};

use crate::{
    sample::sku,
    shop::{Shop, staff},
};

on_each_engine!(
    a_price_is_set_with_the_range_and_the_event,
    a_price_that_cannot_be_is_refused_and_nothing_changes,
    prices_are_for_staff
);

const SET: &str = "mutation($key: String!, $prices: [VariantPriceInput!]!) {
    variantPricesSet(idempotencyKey: $key, input: { prices: $prices }) {
        variants { sku price { amount } compareAtPrice { amount }
                   product { revision priceRange { min { amount } max { amount } } } }
        userErrors { field code message } } }";

async fn set(shop: &Shop, key: &str, prices: Value) -> Value {
    let variables = json!({ "key": key, "prices": prices });
    shop.data_for(staff(&["catalog:write"]), SET, variables).await["variantPricesSet"].take()
}

async fn events(shop: &Shop) -> Vec<Value> {
    let rows = outbox::Entity::find().order_by_asc(outbox::Column::Id).all(shop.store.reader()).await.unwrap();
    rows.into_iter().map(|row| row.event).collect()
}

async fn a_price_is_set_with_the_range_and_the_event(shop: Shop) {
    let prices = json!([
        { "sku": sku(1, 0), "price": 900, "compareAtPrice": 1_500, "expectedRevision": 1 },
        { "sku": sku(1, 3), "price": 9_900 },
        { "sku": sku(2, 0), "price": 2_000 },
    ]);
    let done = set(&shop, "k1", prices.clone()).await;
    assert_eq!(done["userErrors"], json!([]));
    assert_eq!(done["variants"][0]["price"]["amount"], 900);
    assert_eq!(done["variants"][0]["compareAtPrice"]["amount"], 1_500);
    let range = json!({ "min": { "amount": 900 }, "max": { "amount": 9_900 } });
    assert_eq!(done["variants"][1]["product"], json!({ "revision": 2, "priceRange": range }));
    // The third one cost as much before: nothing to tell.
    assert_eq!(done["variants"][2]["product"]["revision"], 1);
    let events = events(&shop).await;
    assert_eq!(events.len(), 1);
    let data = &events[0]["data"];
    assert_eq!(events[0]["type"], "com.selvedge.inventory.product_changed.v1");
    assert_eq!((&data["productId"], &data["revision"], &data["priceMin"]), (&json!("p01"), &json!(2), &json!(900)));
    assert_eq!(data["variants"].as_array().unwrap().len(), 6);
    let schema = include_str!("../../../../schema/events/product_changed.v1.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    for name in schema["required"].as_array().unwrap() {
        assert!(data.get(name.as_str().unwrap()).is_some(), "{name} is missing");
    }
    // The same key is the same change, even though the revision has grown meanwhile.
    assert_eq!(set(&shop, "k1", prices).await, done);
    assert_eq!(self::events(&shop).await.len(), 1);
}

async fn a_price_that_cannot_be_is_refused_and_nothing_changes(shop: Shop) {
    let refused = async |key: &str, prices: Value| {
        let done = set(&shop, key, prices).await;
        assert_eq!(done["variants"], json!([]));
        (done["userErrors"][0]["code"].clone(), done["userErrors"][0]["field"].clone())
    };
    let good = json!({ "sku": sku(1, 0), "price": 1 });
    let bad = json!({ "sku": sku(1, 1), "price": 900, "compareAtPrice": 900 });
    let answer = refused("k1", json!([good, bad])).await;
    assert_eq!(answer, (json!("INVALID_PRICE"), json!(["input", "prices", "1", "compareAtPrice"])));
    assert_eq!(refused("k2", json!([{ "sku": sku(1, 0), "price": -1 }])).await.0, "INVALID_PRICE");
    assert_eq!(refused("k3", json!([good, good])).await.0, "INVALID_INPUT");
    assert_eq!(refused("k4", json!([good, { "sku": "NONE", "price": 1 }])).await.0, "UNKNOWN_SKU");
    let stale = json!([{ "sku": sku(1, 0), "price": 1, "expectedRevision": 7 }]);
    assert_eq!(refused("k5", stale).await.0, "VERSION_CONFLICT");
    assert_eq!(refused("k6", json!([])).await.0, "TOO_MANY_LINES");
    assert_eq!(refused("k7", Value::Array(vec![good; 251])).await.0, "TOO_MANY_LINES");
    assert_eq!(events(&shop).await, Vec::<Value>::new());
    let now =
        shop.data("query($sku: String!) { variant(sku: $sku) { price { amount } } }", json!({ "sku": sku(1, 0) }));
    assert_eq!(now.await["variant"]["price"]["amount"], 1_500);
}

async fn prices_are_for_staff(shop: Shop) {
    let variables = json!({ "key": "k", "prices": [{ "sku": sku(1, 0), "price": 1 }] });
    assert_eq!(shop.error(SET, variables.clone()).await.0, "UNAUTHENTICATED");
    assert_eq!(shop.error_for(staff(&["inventory:write"]), SET, variables.clone()).await.0, "FORBIDDEN");
    let done = shop.data_for(staff(&["merchandiser"]), SET, variables).await;
    assert_eq!(done["variantPricesSet"]["userErrors"], json!([]));
}
