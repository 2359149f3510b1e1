//! Each sales channel sees its own number, and a change of its rules moves it at once.

use serde_json::{Value, json};

use crate::shop::{Shop, staff};

on_each_engine!(
    a_channel_promises_what_its_rules_leave,
    a_channel_follows_the_stock,
    rules_that_cannot_be_are_refused,
    only_those_who_may_set_channels,
);

const SET: &str = "mutation($input: ChannelInput!, $key: String!) { channelSet(input: $input, idempotencyKey: $key) {
    channel { id code name active safetyStock revision locations { code } } userErrors { field code message } } }";
const ALLOCATE: &str = "mutation($input: ChannelAllocationsInput!, $key: String!) {
    channelAllocationsSet(input: $input, idempotencyKey: $key) {
    channel { code revision } userErrors { field code message } } }";

struct Merchandiser<'a>(&'a Shop);

impl Merchandiser<'_> {
    async fn run(&self, operation: &str, field: &str, input: Value) -> Value {
        let key = uuid::Uuid::now_v7().to_string();
        let identity = staff(&["channels:write"]);
        self.0.data_for(identity, operation, json!({ "input": input, "key": key })).await[field].take()
    }

    async fn set(&self, input: Value) -> Value {
        self.run(SET, "channelSet", input).await
    }

    async fn allocate(&self, channel: &str, rules: Value) -> Value {
        self.run(ALLOCATE, "channelAllocationsSet", json!({ "channel": channel, "allocations": rules })).await
    }
}

/// Pieces of the SKU by location code, and in all.
async fn stock(shop: &Shop, sku: &str) -> (Vec<(String, i64)>, i64) {
    let query = "query($sku: String!) { variant(sku: $sku) { badge { available } levels { nodes {
        location { id } quantities { available } } } } }";
    let variant = shop.data(query, json!({ "sku": sku })).await["variant"].take();
    let level = |node: &Value| {
        let id = node["location"]["id"].as_str().unwrap().to_owned();
        (id, node["quantities"]["available"].as_i64().unwrap())
    };
    let levels: Vec<(String, i64)> = variant["levels"]["nodes"].as_array().unwrap().iter().map(level).collect();
    (levels, variant["badge"]["available"].as_i64().unwrap())
}

async fn promised(shop: &Shop, sku: &str, channel: &str) -> (i64, String) {
    let query = "query($sku: String!, $channel: String!) { variant(sku: $sku) {
        availability(channel: $channel) { availableToPromise state channel { code } } } }";
    let answer = shop.data(query, json!({ "sku": sku, "channel": channel })).await["variant"]["availability"].take();
    assert_eq!(answer["channel"]["code"], channel);
    (answer["availableToPromise"].as_i64().unwrap(), answer["state"].as_str().unwrap().to_owned())
}

/// A SKU that is available at two locations.
async fn plenty(shop: &Shop) -> (String, Vec<(String, i64)>, i64) {
    for variant in &shop.sample.variants {
        let (levels, all) = stock(shop, &variant.sku).await;
        if levels.len() == 2 && levels.iter().all(|(_, available)| *available > 0) {
            return (variant.sku.clone(), levels, all);
        }
    }
    panic!("the sample has a SKU at two locations");
}

async fn a_channel_promises_what_its_rules_leave(shop: Shop) {
    let (sku, levels, all) = plenty(&shop).await;
    let merchandiser = Merchandiser(&shop);
    let market = |more: Value| {
        let mut input = json!({ "code": "market", "name": "Market" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let made = merchandiser.set(market(json!({}))).await;
    assert_eq!((&made["userErrors"], &made["channel"]["revision"]), (&json!([]), &json!(1)));
    assert_eq!(promised(&shop, &sku, "market").await.0, all);

    merchandiser.set(market(json!({ "locationIds": [levels[1].0] }))).await;
    assert_eq!(promised(&shop, &sku, "market").await.0, levels[1].1);

    let narrowed = merchandiser.set(market(json!({ "safetyStock": 1 }))).await;
    assert_eq!((&narrowed["channel"]["revision"], &narrowed["channel"]["locations"]), (&json!(3), &json!([])));
    assert_eq!(promised(&shop, &sku, "market").await.0, all - 1);

    merchandiser.allocate("market", json!([{ "sharePercent": 50 }])).await;
    assert_eq!(promised(&shop, &sku, "market").await.0, (all - 1) / 2);
    merchandiser.allocate("market", json!([{ "sku": sku, "limit": 1 }])).await;
    assert_eq!(promised(&shop, &sku, "market").await, (1, "LOW_STOCK".to_owned()));
    merchandiser.allocate("market", json!([{ "sku": sku, "limit": 0 }])).await;
    assert_eq!(promised(&shop, &sku, "market").await, (0, "OUT_OF_STOCK".to_owned()));
    let lifted = merchandiser.allocate("market", json!([{ "sku": sku }, { "sku": null }])).await;
    assert_eq!((&lifted["userErrors"], &lifted["channel"]["revision"]), (&json!([]), &json!(7)));
    assert_eq!(promised(&shop, &sku, "market").await.0, all - 1);

    merchandiser.set(market(json!({ "active": false }))).await;
    assert_eq!(promised(&shop, &sku, "market").await.0, 0);
    let unknown = "query($sku: String!) { variant(sku: $sku) { availability(channel: \"nowhere\") { state } } }";
    assert_eq!(shop.data(unknown, json!({ "sku": sku })).await["variant"]["availability"], Value::Null);
}

async fn a_channel_follows_the_stock(shop: Shop) {
    let (sku, _, all) = plenty(&shop).await;
    Merchandiser(&shop).set(json!({ "code": "web", "name": "Web" })).await;
    let reserve = "mutation($sku: String!) { reserveStock(idempotencyKey: \"web\",
        input: { lines: [{ sku: $sku, quantity: 1 }] }) { userErrors { message } } }";
    shop.data(reserve, json!({ "sku": sku })).await;
    assert_eq!(promised(&shop, &sku, "web").await.0, all - 1);
}

async fn rules_that_cannot_be_are_refused(shop: Shop) {
    let merchandiser = Merchandiser(&shop);
    let code = |answer: &Value| answer["userErrors"][0]["code"].as_str().unwrap().to_owned();
    let refused = merchandiser.set(json!({ "code": "No Code", "name": "", "safetyStock": -1 })).await;
    assert_eq!(refused["userErrors"].as_array().unwrap().len(), 3);
    assert_eq!((code(&refused).as_str(), &refused["channel"]), ("INVALID_CHANNEL_RULE", &Value::Null));
    let refused = merchandiser.set(json!({ "code": "web", "name": "Web", "locationIds": ["nowhere"] })).await;
    assert_eq!(refused["userErrors"][0]["field"], json!(["input", "locationIds", "0"]));
    assert_eq!(code(&refused), "UNKNOWN_LOCATION");
    assert_eq!(code(&merchandiser.allocate("web", json!([{ "limit": 1 }])).await), "UNKNOWN_CHANNEL");
    merchandiser.set(json!({ "code": "web", "name": "Web" })).await;
    for rules in [
        json!([{ "limit": -1 }]),
        json!([{ "sharePercent": 101 }]),
        json!([{ "sharePercent": 1, "limit": 1 }]),
        json!([{ "limit": 1 }, { "limit": 2 }]),
    ] {
        assert_eq!(code(&merchandiser.allocate("web", rules).await), "INVALID_CHANNEL_RULE");
    }
    assert_eq!(code(&merchandiser.allocate("web", json!([])).await), "TOO_MANY_LINES");
    assert_eq!(code(&merchandiser.allocate("web", json!([{ "sku": "nothing", "limit": 1 }])).await), "UNKNOWN_SKU");
}

async fn only_those_who_may_set_channels(shop: Shop) {
    let variables = json!({ "input": { "code": "web", "name": "Web" }, "key": "1" });
    assert_eq!(shop.error(SET, variables.clone()).await.0, "UNAUTHENTICATED");
    assert_eq!(shop.error_for(staff(&["inventory:write"]), SET, variables).await.0, "FORBIDDEN");
}
