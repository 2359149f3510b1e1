//! Clients that keep queries of the shop alive.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use selvedge_gateway::{cache::EntityEvent, config::Config, error::GraphqlError, subscribe::Subscription};
use serde_json::{Map, Value};

use crate::cache_support::{Shop, World, caller, request};

/// Three products of `pages`, their badges of `stock` and their notes of `wishes`.
pub const PAGE: &str = r#"{ page(name: "1,2,3") { products { id badge { sku available revision } note } } }"#;

/// A page of the shop, kept alive.
pub fn live(arguments: &str) -> String {
    format!("query Page @live{arguments} {PAGE}")
}

/// Answers are kept, and badges have revisions.
pub fn keeping() -> Config {
    let mut config = crate::cache_support::config();
    config.cache.types.entry("Badge".to_owned()).or_default().revision_field = Some("revision".to_owned());
    config.subscriptions.poll_when_deaf_ms = 200;
    config
}

/// Nothing is kept of what clients ask for.
pub fn keeping_nothing() -> Config {
    let mut config = keeping();
    config.cache.enabled = None;
    config
}

/// A shop whose subgraphs say that answers may be kept.
pub fn shop() -> Shop {
    let world = World::new().saying("public, max-age=600");
    world.says("wishes", "private, max-age=600");
    Shop::with(world, keeping())
}

pub async fn try_join(
    shop: &Shop,
    query: &str,
    wishes: Value,
    subject: Option<&str>,
) -> Result<Subscription, Vec<GraphqlError>> {
    let mut request = request(query, &Map::new());
    if !wishes.is_null() {
        request.extensions.insert("live".to_owned(), wishes);
    }
    let pipeline = shop.gateway.pipeline();
    let prepared = pipeline.prepare(&request).await?;
    assert!(pipeline.live_wishes(&prepared, &request).is_some(), "it is a live query");
    pipeline.subscribe(prepared, request, caller(subject))
}

/// Ann keeps a query alive.
pub async fn join(shop: &Shop, query: &str) -> Subscription {
    try_join(shop, query, Value::Null, Some("ann")).await.unwrap()
}

pub async fn next(subscription: &mut Subscription) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(60), subscription.next()).await.expect("it comes in time");
    serde_json::from_slice(&next.expect("the stream goes on")).unwrap()
}

/// Nothing comes.
pub async fn silent(subscription: &mut Subscription) {
    let next = tokio::time::timeout(Duration::from_millis(400), subscription.next()).await;
    assert!(next.is_err(), "{next:?}");
}

/// What waits already, if anything does.
pub fn waiting(subscription: &mut Subscription) -> Option<Value> {
    subscription.next().now_or_never().map(|next| serde_json::from_slice(&next.unwrap()).unwrap())
}

/// Available units by a whole answer.
pub fn available(answer: &Value) -> Vec<i64> {
    let products = answer["data"]["page"]["products"].as_array().unwrap_or_else(|| panic!("no products: {answer}"));
    products.iter().map(|product| product["badge"]["available"].as_i64().unwrap()).collect()
}

/// What the bus says of a SKU.
pub fn badge_event(shop: &Shop, sku: &str) -> EntityEvent {
    let revision = shop.world.stock.lock().unwrap().get(sku).map_or(1, |level| level.1);
    EntityEvent::of("Badge", "sku", sku).at(revision)
}

/// Sells one unit, and the bus says so.
pub fn sell(shop: &Shop, sku: &str) {
    shop.world.sell(sku);
    shop.events().evict(&badge_event(shop, sku));
}

/// How often each subgraph was asked.
pub fn asked(shop: &Shop) -> [usize; 3] {
    ["pages", "stock", "wishes"].map(|name| shop.world.asked(name).len())
}

/// Lets everything happen that is due.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// Applies a patch to the data of the answer before.
pub fn patched(data: &Value, answer: &Value) -> Value {
    let mut data = data.clone();
    let patch: json_patch::Patch =
        serde_json::from_value(answer["patch"].clone()).unwrap_or_else(|error| panic!("{error}: {answer}"));
    json_patch::patch(&mut data, &patch).unwrap_or_else(|error| panic!("{error}: {answer}"));
    data
}
