//! What other subgraphs refer to by key.

use serde_json::{Value, json};

use crate::shop::Shop;

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { __typename
    ... on Product { id handle variants { sku } }
    ... on ProductVariant { id sku product { id } }
    ... on StockBadge { sku state available variant { id } }
    ... on InventoryLevel { id variant { sku } location { code } }
    ... on Location { id code } } }";

async fn each_key_finds_its_entity_in_the_order_asked(shop: Shop) {
    let representations = json!([
        {"__typename": "StockBadge", "sku": "SKU-01-1"},
        {"__typename": "Product", "handle": "handle-03"},
        {"__typename": "Product", "id": "p02"},
        {"__typename": "ProductVariant", "sku": "SKU-04-5"},
        {"__typename": "ProductVariant", "id": "v05-0"},
        {"__typename": "InventoryLevel", "id": "v05-0-l2"},
        {"__typename": "Location", "id": "l2"},
    ]);
    let entities = shop.data(ENTITIES, json!({"r": representations})).await["_entities"].take();
    let text = |pointer: &str| entities.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(
        entities[0],
        json!({"__typename": "StockBadge", "sku": "SKU-01-1", "state": "IN_STOCK", "available": 7, "variant": {"id": "v01-1"}})
    );
    assert_eq!(text("/1/id"), "p03");
    assert_eq!(text("/2/handle"), "handle-02");
    assert_eq!(entities[2]["variants"].as_array().unwrap().len(), 6);
    assert_eq!((text("/3/id"), text("/3/product/id")), ("v04-5".to_owned(), "p04".to_owned()));
    assert_eq!(text("/4/sku"), "SKU-05-0");
    assert_eq!((text("/5/variant/sku"), text("/5/location/code")), ("SKU-05-0".to_owned(), "L2".to_owned()));
    assert_eq!(text("/6/code"), "L2");
}

async fn an_unknown_key_is_null_and_spoils_nothing(shop: Shop) {
    let representations = json!([
        {"__typename": "Product", "id": "nobody"},
        {"__typename": "Location", "id": "l1"},
        {"__typename": "StockBadge", "sku": "nothing"},
    ]);
    let entities = shop.data(ENTITIES, json!({"r": representations})).await["_entities"].take();
    assert_eq!(entities, json!([null, {"__typename": "Location", "id": "l1", "code": "L1"}, null]));
}

async fn single_reads_find_what_is_shown(shop: Shop) {
    let query = "{
        byId: product(id: \"p01\") { handle createdAt tags options { name values } images { url position } }
        byHandle: product(handle: \"handle-01\") { id }
        draft: product(id: \"p23\") { id }
        unknown: product(id: \"x\") { id }
        variant(id: \"v01-2\") { sku size color selectedOptions { name value } price { amount currencyCode } }
        variants(skus: [\"SKU-03-0\", \"nothing\", \"SKU-01-0\", \"SKU-03-0\"]) { sku }
        stockBadges(skus: [\"SKU-00-0\", \"nothing\"]) { sku state available revision expectedAt }
        location(id: \"l1\") { kind city countryCode }
        reservation(id: \"none\") { id }
    }";
    let data = shop.data(query, json!({})).await;
    assert_eq!(data["byId"]["handle"], "handle-01");
    assert_eq!(data["byId"]["options"], json!([{"name": "Size", "values": ["S", "M", "L"]}]));
    assert_eq!(data["byHandle"]["id"], "p01");
    assert_eq!((&data["draft"], &data["unknown"], &data["reservation"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(
        data["variant"],
        json!({"sku": "SKU-01-2", "size": "L", "color": "Navy", "price": {"amount": 1700, "currencyCode": "EUR"},
            "selectedOptions": [{"name": "Size", "value": "L"}, {"name": "Color", "value": "Navy"}]})
    );
    assert_eq!(data["variants"], json!([{"sku": "SKU-03-0"}, {"sku": "SKU-01-0"}]));
    let badge = json!({"sku": "SKU-00-0", "state": "OUT_OF_STOCK", "available": 0, "revision": 1, "expectedAt": null});
    assert_eq!(data["stockBadges"], json!([badge]));
    assert_eq!(data["location"], json!({"kind": "WAREHOUSE", "city": "Lyon", "countryCode": "FR"}));
}

on_each_engine!(
    each_key_finds_its_entity_in_the_order_asked,
    an_unknown_key_is_null_and_spoils_nothing,
    single_reads_find_what_is_shown,
);
