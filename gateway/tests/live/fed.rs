//! Routing by key, snapshots, revisions, and what a client may wish.

use std::{sync::atomic::Ordering, time::Duration};

use futures::FutureExt;
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Shop, badge, config, eventually, next, silent};

#[tokio::test]
async fn different_sets_of_keys_share_one_feed_and_no_subgraph_is_asked_for_an_event() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.set("B", 2);
    let mut a = shop.watch(&["A"]).await;
    let mut both = shop.watch(&["B", "A", "B"]).await;
    assert_eq!(badge(&mut a).await, ("A".to_owned(), 1, 1));
    let mut first = vec![badge(&mut both).await, badge(&mut both).await];
    first.sort();
    assert_eq!(first, [("A".to_owned(), 1, 1), ("B".to_owned(), 2, 1)]);
    let asked = shop.world.asked();
    shop.change("B", 7);
    assert_eq!(badge(&mut both).await, ("B".to_owned(), 7, 2));
    shop.change("A", 8);
    assert_eq!(badge(&mut both).await, ("A".to_owned(), 8, 2));
    assert_eq!(badge(&mut a).await, ("A".to_owned(), 8, 2));
    shop.world.set("C", 1);
    shop.tell("C");
    silent(&mut a).await;
    assert!(both.next_now().is_none());
    let hub = shop.pipeline.hub();
    assert_eq!((hub.stream_count(), hub.upstream_count(), shop.world.opened.load(Ordering::SeqCst)), (1, 0, 0));
    assert_eq!(shop.world.asked(), asked, "events carry what is selected");
    drop((a, both));
    eventually("the feed's end", || shop.pipeline.hub().stream_count() == 0).await;
}

/// Whoever tells an event gives it to those who listen: no task of the gateway has to have its turn in between.
#[tokio::test]
async fn what_an_event_carries_is_there_when_it_has_been_told() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut watching = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut watching).await, ("A".to_owned(), 1, 1));
    for available in 2..50 {
        shop.change("A", available);
        let told = watching.next_now().unwrap();
        assert!(String::from_utf8_lossy(&told).contains(&format!("\"available\":{available}")), "{told:?}");
    }
}

#[tokio::test]
async fn what_events_do_not_carry_is_asked_for_all_keys_together() {
    let shop = Shop::open(&config());
    let skus: Vec<String> = (0..40).map(|index| format!("S-{index}")).collect();
    for sku in &skus {
        shop.world.set(sku, 1);
    }
    let list = serde_json::to_string(&skus).unwrap();
    let mut notes = shop.join(&format!("subscription {{ badges(skus: {list}) {{ sku note ok: __typename }} }}")).await;
    for _ in &skus {
        assert_eq!(next(&mut notes).await["data"]["badges"]["note"], "note 1");
    }
    let asked = shop.world.asked();
    skus.iter().for_each(|sku| shop.change(sku, 2));
    for _ in &skus {
        let response = next(&mut notes).await;
        assert_eq!(
            (&response["data"]["badges"]["note"], &response["data"]["badges"]["ok"]),
            (&json!("note 2"), &json!("Badge"))
        );
    }
    assert!(shop.world.asked() - asked < 10, "{:?}", shop.world.asked);
}

#[tokio::test]
async fn a_first_value_is_never_older_than_its_subscription() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut early = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut early).await.2, 1);
    // Written, and not told yet: the newcomer sees it, the other does when it is told.
    shop.world.set("A", 2);
    let mut late = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut late).await, ("A".to_owned(), 2, 2));
    assert_eq!(badge(&mut early).await, ("A".to_owned(), 2, 2));
    shop.tell("A");
    silent(&mut late).await;
    assert!(early.next_now().is_none(), "nobody gets it twice");
}

#[tokio::test]
async fn a_slow_snapshot_does_not_take_the_place_of_a_newer_event() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.delay_ms.store(200, Ordering::SeqCst);
    let mut client = shop.watch(&["A"]).await;
    eventually("the question", || shop.world.asked() == 1).await;
    shop.change("A", 5);
    assert_eq!(badge(&mut client).await, ("A".to_owned(), 5, 2));
    silent(&mut client).await;
}

#[tokio::test]
async fn events_that_are_old_or_come_twice_are_dropped() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let old = shop.world.event("A");
    shop.world.set("A", 2);
    let mut client = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut client).await.2, 2);
    let source = shop.source.as_ref().unwrap();
    source.tell("changed", &old);
    shop.tell("A");
    source.tell("changed", &json!({ "sku": "A" }));
    source.tell("changed", &json!("nonsense"));
    source.tell("other", &json!({ "sku": "A", "available": 9, "revision": 9 }));
    silent(&mut client).await;
    shop.change("A", 3);
    assert_eq!(badge(&mut client).await, ("A".to_owned(), 3, 3));
}

#[tokio::test]
async fn of_an_unknown_key_nothing_comes_until_there_is_something() {
    let shop = Shop::open(&config());
    let mut client = shop.watch(&["NEW"]).await;
    silent(&mut client).await;
    shop.change("NEW", 4);
    assert_eq!(badge(&mut client).await, ("NEW".to_owned(), 4, 1));
}

#[tokio::test]
async fn a_client_may_resume_and_may_wish_for_fewer_values() {
    let shop = Shop::open(&config());
    for sku in ["A", "B"] {
        shop.world.set(sku, 1);
    }
    let query = r#"subscription { badges(skus: ["A", "B"]) { sku available revision } }"#;
    let wishes = json!({ "resume": { "A": 1 }, "minIntervalMs": 300 });
    let mut client = shop.try_join(query, wishes, None).await.unwrap();
    assert_eq!(badge(&mut client).await.0, "B", "it has the value of A");
    shop.change("B", 2);
    let since = Instant::now();
    for available in 3..=9 {
        shop.change("B", available);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shop.change("A", 5);
    assert_eq!(badge(&mut client).await, ("A".to_owned(), 5, 2), "each key has its own time");
    assert_eq!(badge(&mut client).await, ("B".to_owned(), 9, 9), "the newest of those that were held back");
    assert!(since.elapsed() >= Duration::from_millis(200), "{:?}", since.elapsed());
    let error = shop.try_join(query, json!({ "minInterval": 1 }), None).await.err().unwrap();
    assert_eq!(error[0].code(), Some("BAD_USER_INPUT"), "{error:?}");
}

#[tokio::test]
async fn a_client_that_does_not_read_gets_the_newest_of_each_key() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut slow = shop.watch(&["A", "B"]).await;
    let mut fast = shop.watch(&["A"]).await;
    badge(&mut fast).await;
    for available in 2..=500 {
        shop.change("A", available);
    }
    shop.change("B", 1);
    while badge(&mut fast).await.1 != 500 {}
    assert_eq!(badge(&mut slow).await, ("A".to_owned(), 500, 500));
    assert_eq!(badge(&mut slow).await.0, "B");
    silent(&mut slow).await;
}

/// The code and the message of why a subscription to keys is refused.
async fn refused(shop: &Shop, skus: &[&str], subject: Option<&str>) -> Option<(String, String)> {
    let query = format!("subscription {{ badges(skus: {}) {{ sku }} }}", json!(skus));
    let errors = shop.try_join(&query, serde_json::Value::Null, subject).await.err()?;
    Some((errors[0].code().unwrap().to_owned(), errors[0].message.clone()))
}

#[tokio::test]
async fn too_many_keys_and_keys_that_are_too_long_are_refused_by_name() {
    let mut config = config();
    config.subscriptions.max_keys_per_subscription = 2;
    config.subscriptions.max_key_bytes = 4;
    let shop = Shop::open(&config);
    let told = |code: &str, message: &str| Some((code.to_owned(), message.to_owned()));
    let many = told("TOO_MANY_KEYS", "at most 2 keys in one subscription (`subscriptions.max_keys_per_subscription`)");
    assert_eq!(refused(&shop, &["A", "B", "C"], None).await, many);
    let long = told("KEY_TOO_LONG", "at most 4 bytes in a key (`subscriptions.max_key_bytes`)");
    assert_eq!(refused(&shop, &["A", "ÄÄA"], None).await, long);
    assert_eq!(refused(&shop, &["ÄÄ", "AAAA"], None).await, None);
}

#[tokio::test]
async fn keys_in_all_and_of_one_user_are_limited_and_what_ends_makes_room() {
    let mut config = config();
    config.subscriptions.max_keys = 4;
    config.subscriptions.max_keys_per_user = Some(2);
    let shop = Shop::open(&config);
    let code = |refused: Option<(String, String)>| refused.map(|(code, _)| code);
    let two = shop.watch(&["A", "B"]).await;
    let _third = shop.watch(&["A"]).await;
    assert_eq!(code(refused(&shop, &["A", "B", "C"], Some("ann")).await).as_deref(), Some("TOO_MANY_KEYS_IN_ALL"));
    drop(two);
    assert_eq!(code(refused(&shop, &["A", "B", "C"], Some("ann")).await).as_deref(), Some("TOO_MANY_KEYS_OF_USER"));
    assert_eq!(refused(&shop, &["A", "B"], Some("ann")).await, None);
    assert_eq!(refused(&shop, &["A", "B", "C"], None).await, None, "what was refused or has ended holds nothing");
}

#[tokio::test]
async fn without_a_source_of_events_the_subgraph_is_asked_for_a_stream() {
    let shop = Shop::deaf(&config());
    let _client = shop.watch(&["A"]).await;
    eventually("the upstream", || shop.world.opened.load(Ordering::SeqCst) == 1).await;
    assert_eq!(shop.pipeline.hub().upstream_count(), 1);
}

trait Now {
    fn next_now(&mut self) -> Option<bytes::Bytes>;
}

impl Now for selvedge_gateway::subscribe::Subscription {
    fn next_now(&mut self) -> Option<bytes::Bytes> {
        futures::StreamExt::next(self).now_or_never().flatten()
    }
}
