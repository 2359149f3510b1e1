//! What an event costs, and which subscriptions are one.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    counted::Counted,
    support::{Shop, badge, config, eventually, next, silent},
};

#[tokio::test]
async fn documents_that_differ_in_literal_keys_share_one_feed() {
    let shop = Shop::open(&config());
    (0..=50).for_each(|index| _ = shop.world.set(&format!("S-{index}"), 1));
    let mut clients = Vec::new();
    for index in 0..50 {
        let (own, other) = (format!("S-{index}"), format!("S-{}", index + 1));
        let query = format!("subscription {{ badges(skus: [\"{own}\", \"{other}\"]) {{ sku available revision }} }}");
        let mut client = shop.join(&query).await;
        let first = BTreeSet::from([badge(&mut client).await.0, badge(&mut client).await.0]);
        assert_eq!(first, BTreeSet::from([own, other]));
        clients.push(client);
    }
    assert_eq!(shop.pipeline.hub().stream_count(), 1);
    shop.change("S-7", 9);
    for (index, client) in clients.iter_mut().enumerate() {
        match index {
            6 | 7 => assert_eq!(badge(client).await.1, 9),
            _ => assert!(futures::FutureExt::now_or_never(futures::StreamExt::next(client)).is_none()),
        }
    }
    // What else differs is not the same.
    let _other = shop.join(r#"subscription { badges(skus: ["S-1"]) { sku  available revision } }"#).await;
    let _named = shop.join(r#"subscription A { badges(skus: ["S-1"]) { sku available revision } }"#).await;
    let _secret = shop.join(r#"subscription { secrets(skus: ["S-1"]) { sku available revision } }"#).await;
    assert_eq!(shop.pipeline.hub().stream_count(), 4);
    clients.clear();
    eventually("the feed's end", || shop.pipeline.hub().stream_count() == 3).await;
}

#[tokio::test]
async fn an_event_goes_to_the_feeds_that_listen_to_its_key_alone() {
    let counted = Counted::default();
    let _recording = metrics::set_default_local_recorder(&counted);
    let routed = || counted.sum("selvedge_live_routed_total");
    let shop = Shop::open(&config());
    let mut clients = Vec::new();
    for index in 0..30 {
        let sku = format!("S-{}", index % 10);
        shop.world.set(&sku, 1);
        // Thirty users, each with a feed of his own.
        let query = format!("subscription {{ secrets(skus: [\"{sku}\"]) {{ sku available revision }} }}");
        let mut client = shop.try_join(&query, Value::Null, Some(&format!("user {index}"))).await.unwrap();
        next(&mut client).await;
        clients.push(client);
    }
    assert_eq!((shop.pipeline.hub().stream_count(), routed()), (30, 0));
    shop.change("S-3", 2);
    for client in [3, 13, 23] {
        assert_eq!(next(&mut clients[client]).await["data"]["secrets"]["available"], 2);
    }
    assert_eq!(routed(), 3);
    shop.world.set("unheard", 1);
    shop.tell("unheard");
    assert_eq!(routed(), 3);
    drop(clients.remove(3));
    shop.change("S-3", 3);
    assert_eq!(next(&mut clients[12]).await["data"]["secrets"]["available"], 3);
    assert_eq!(routed(), 5, "who has left costs nothing");
    silent(&mut clients[0]).await;
}
