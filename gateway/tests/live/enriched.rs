//! What other subgraphs add to events.

use std::collections::BTreeSet;

use http::{HeaderName, HeaderValue};
use selvedge_gateway::{
    authenticate::{CorrelationId, Identity},
    subscribe::Caller,
};
use serde_json::Value;

use crate::support::{Shop, config, next};

#[tokio::test]
async fn other_subgraphs_are_asked_once_for_many_events() {
    let shop = Shop::open(&config());
    let skus: Vec<String> = (0..50).map(|index| format!("S-{index}")).collect();
    skus.iter().for_each(|sku| _ = shop.world.set(sku, 1));
    let list = serde_json::to_string(&skus).unwrap();
    let mut client = shop.join(&format!("subscription {{ badges(skus: {list}) {{ sku revision title }} }}")).await;
    for _ in &skus {
        next(&mut client).await;
    }
    assert!(shop.world.titled.lock().unwrap().len() < 10, "{:?}", shop.world.titled);
    shop.world.titled.lock().unwrap().clear();
    skus.iter().for_each(|sku| shop.change(sku, 2));
    let mut seen = BTreeSet::new();
    while seen.len() < skus.len() {
        let response = next(&mut client).await;
        let badge = &response["data"]["badges"];
        let sku = badge["sku"].as_str().unwrap().to_owned();
        assert_eq!((badge["title"].as_str(), badge["revision"].as_i64()), (Some(&*format!("Shirt {sku}")), Some(2)));
        seen.insert(sku);
    }
    let titled = shop.world.titled.lock().unwrap().clone();
    assert!(titled.len() < 10 && titled.iter().sum::<usize>() == skus.len(), "{titled:?}");
}

/// How many streams two users have who select the same.
async fn streams_of_two(shop: &Shop, selection: &str) -> usize {
    let query = format!("subscription {{ badges(skus: [\"A\"]) {{ sku {selection} }} }}");
    let mut clients = Vec::new();
    for user in ["one", "two"] {
        let mut client = shop.try_join(&query, Value::Null, Some(user)).await.unwrap();
        assert_eq!(next(&mut client).await["data"]["badges"]["sku"], "A");
        clients.push(client);
    }
    let streams = shop.pipeline.hub().stream_count();
    shop.change("A", 2);
    for client in &mut clients {
        let badge = next(client).await["data"]["badges"].clone();
        assert!(selection.split(' ').all(|field| !badge[field].is_null()), "{selection}: {badge}");
    }
    streams
}

#[tokio::test]
async fn only_what_is_known_to_be_public_is_shared_by_callers() {
    for (selection, streams) in [("revision", 1), ("color", 1), ("title", 2), ("color mood", 2), ("color title", 2)] {
        let shop = Shop::open(&config());
        shop.world.set("A", 1);
        assert_eq!(streams_of_two(&shop, selection).await, streams, "{selection}");
    }
}

#[tokio::test]
async fn what_is_public_is_still_asked_for_with_the_headers_of_the_client() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let query = r#"subscription { badges(skus: ["A"]) { sku color } }"#;
    let mut clients = Vec::new();
    for (user, language) in [("one", "en"), ("two", "de"), ("three", "en")] {
        let header = (HeaderName::from_static("accept-language"), HeaderValue::from_static(language));
        let identity = Identity { subject: Some(user.to_owned()), ..Identity::default() };
        let caller = Caller::new(identity, CorrelationId::generate());
        let caller = Caller { forwarded: [header].into_iter().collect(), ..caller };
        let mut client = shop.join_as(query, Value::Null, caller).await.unwrap();
        assert_eq!(next(&mut client).await["data"]["badges"]["color"], "red");
        clients.push(client);
    }
    assert_eq!(shop.pipeline.hub().stream_count(), 2);
}
