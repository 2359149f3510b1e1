//! Subgraphs and buses that fail.

use std::{sync::atomic::Ordering, time::Duration};

use futures::StreamExt;

use crate::support::{Shop, badge, config, eventually, next, silent};

#[tokio::test]
async fn while_events_are_not_heard_what_is_true_is_asked_for() {
    let mut shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut client = shop.watch(&["A"]).await;
    badge(&mut client).await;
    shop.source().disconnect();
    for available in 2..5 {
        shop.world.set("A", available);
        assert_eq!(badge(&mut client).await.1, available);
    }
    shop.world.set("A", 5);
    shop.source().connect();
    assert_eq!(badge(&mut client).await.1, 5, "what was missed is asked for");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asked = shop.world.asked();
    silent(&mut client).await;
    assert_eq!(shop.world.asked(), asked, "nobody asks while events are heard");
}

#[tokio::test]
async fn a_subgraph_that_comes_back_is_asked_again() {
    let mut config = config();
    config.subscriptions.upstream_attempts = 1_000;
    let shop = Shop::open(&config);
    shop.world.set("A", 1);
    shop.world.is_down.store(true, Ordering::SeqCst);
    let mut client = shop.watch(&["A"]).await;
    silent(&mut client).await;
    shop.world.is_down.store(false, Ordering::SeqCst);
    assert_eq!(badge(&mut client).await.1, 1);
}

#[tokio::test]
async fn a_subgraph_that_stays_away_ends_newcomers_with_an_error_and_nobody_else() {
    let mut config = config();
    config.subscriptions.upstream_attempts = 2;
    let shop = Shop::open(&config);
    shop.world.set("A", 1);
    let mut early = shop.watch(&["A"]).await;
    badge(&mut early).await;
    shop.world.is_down.store(true, Ordering::SeqCst);
    let mut late = shop.watch(&["A"]).await;
    let error = next(&mut late).await;
    assert!(error["errors"][0]["message"].as_str().unwrap().contains("subgraph `stock`"), "{error}");
    assert!(late.next().await.is_none());
    shop.change("A", 2);
    assert_eq!(badge(&mut early).await.1, 2, "events still reach those who were there");
    drop(late);
    shop.world.is_down.store(false, Ordering::SeqCst);
    let mut again = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut again).await.1, 2);
}

#[tokio::test]
async fn a_key_that_is_refused_ends_its_own_subscription_alone() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.delay_ms.store(50, Ordering::SeqCst);
    // They wait for the same answer.
    let mut first = shop.watch(&["A"]).await;
    eventually("the first question", || shop.world.asked() > 0).await;
    let mut good = shop.watch(&["A"]).await;
    let mut bad = shop.watch(&["BAD"]).await;
    assert_eq!(badge(&mut first).await.1, 1);
    assert_eq!(badge(&mut good).await.1, 1);
    let error = next(&mut bad).await;
    assert_eq!(error["errors"][0]["extensions"]["code"], "BAD_KEY", "{error}");
    assert!(bad.next().await.is_none());
    shop.change("A", 2);
    assert_eq!(badge(&mut good).await.1, 2);
}

#[tokio::test]
async fn what_changes_without_a_revision_reaches_newcomers() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let query = r#"subscription { badges(skus: ["A"]) { sku revision note } }"#;
    let mut first = shop.join(query).await;
    assert_eq!(next(&mut first).await["data"]["badges"]["note"], "note 1");
    *shop.world.remark.lock().unwrap() = "!".to_owned();
    let mut second = shop.join(query).await;
    assert_eq!(next(&mut second).await["data"]["badges"]["note"], "note 1!");
    silent(&mut first).await;
}

#[tokio::test]
async fn a_refusal_costs_those_who_listen_nothing() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut client = shop.join(r#"subscription { badges(skus: ["A"]) { sku revision note } }"#).await;
    next(&mut client).await;
    shop.world.refuses.store(true, Ordering::SeqCst);
    let asked = shop.world.asked();
    shop.change("A", 2);
    eventually("the refusal", || shop.world.asked() > asked).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    shop.world.refuses.store(false, Ordering::SeqCst);
    assert_eq!(next(&mut client).await["data"]["badges"]["revision"], 2);
}

#[tokio::test]
async fn many_keys_that_are_refused_cost_few_questions() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let bad: Vec<String> = (0..200).map(|index| format!("BAD-{index}")).collect();
    let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
    let mut client = shop.watch(&bad).await;
    let error = next(&mut client).await;
    assert_eq!(error["errors"][0]["extensions"]["code"], "BAD_KEY", "{error}");
    assert!(client.next().await.is_none());
    let mut good = shop.watch(&["A"]).await;
    assert_eq!(badge(&mut good).await.1, 1);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(shop.world.asked() < 40, "{}", shop.world.asked());
}

#[tokio::test]
async fn an_answer_that_stays_older_than_an_event_is_believed_in_the_end() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let query = r#"subscription { badges(skus: ["A"]) { sku revision note } }"#;
    let mut first = shop.join(query).await;
    next(&mut first).await;
    let event = serde_json::json!({ "sku": "A", "available": 1, "revision": 99 });
    shop.source.as_ref().unwrap().tell("changed", &event);
    let mut second = shop.join(query).await;
    assert_eq!(next(&mut second).await["data"]["badges"]["revision"], 1);
}
