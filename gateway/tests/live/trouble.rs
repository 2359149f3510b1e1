//! Subgraphs and buses that fail.

use std::{sync::atomic::Ordering, time::Duration};

use futures::StreamExt;

use crate::support::{Shop, badge, config, error_code, eventually, next, silent};

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

#[tokio::test]
async fn an_error_of_no_item_is_told_once_to_each_who_listens_to_the_keys() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.set("B", 1);
    let mut early = shop.watch(&["A"]).await;
    badge(&mut early).await;
    shop.world.warns.store(true, Ordering::SeqCst);
    let mut late = shop.watch(&["A", "B"]).await;
    let mut first = vec![badge(&mut late).await.0, badge(&mut late).await.0];
    first.sort();
    assert_eq!(first, ["A", "B"], "values come nevertheless");
    assert_eq!(error_code(&mut late).await, "IN_A_BAD_WAY");
    assert_eq!(error_code(&mut early).await, "IN_A_BAD_WAY");
    let mut last = shop.watch(&["A"]).await;
    assert_eq!((badge(&mut last).await.1, error_code(&mut last).await.as_str()), (1, "IN_A_BAD_WAY"));
    silent(&mut late).await;
    silent(&mut early).await;
    shop.world.warns.store(false, Ordering::SeqCst);
    let mut well = shop.watch(&["A"]).await;
    badge(&mut well).await;
    shop.world.warns.store(true, Ordering::SeqCst);
    let _again = shop.watch(&["A"]).await;
    assert_eq!(error_code(&mut early).await, "IN_A_BAD_WAY", "it was over in between");
}

#[tokio::test]
async fn a_key_that_is_lost_is_told_once_and_asked_for_less_and_less_often() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.set("B", 1);
    shop.world.lost.lock().unwrap().insert("A".to_owned());
    let mut client = shop.watch(&["A", "B"]).await;
    assert_eq!((badge(&mut client).await.0.as_str(), error_code(&mut client).await.as_str()), ("B", "LOST"));
    let mut others: Vec<_> = Vec::new();
    for _ in 0..20 {
        let mut other = shop.watch(&["A"]).await;
        assert_eq!(error_code(&mut other).await, "LOST");
        others.push(other);
    }
    let asked = shop.world.asked();
    silent(&mut client).await;
    for other in &mut others {
        assert!(futures::FutureExt::now_or_never(other.next()).is_none(), "nobody is told twice");
    }
    assert!(shop.world.asked() - asked < 10, "{} questions", shop.world.asked() - asked);
    shop.change("B", 2);
    assert_eq!(badge(&mut client).await, ("B".to_owned(), 2, 2));
}

#[tokio::test]
async fn those_who_come_do_not_put_off_when_a_lost_key_is_asked_for() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.lost.lock().unwrap().insert("A".to_owned());
    let mut clients = Vec::new();
    for _ in 0..30 {
        let mut client = shop.watch(&["A"]).await;
        assert_eq!(error_code(&mut client).await, "LOST");
        clients.push(client);
    }
    // Had each of them doubled the pause, it would be half a minute now.
    shop.world.lost.lock().unwrap().clear();
    for client in &mut clients {
        assert_eq!(badge(client).await, ("A".to_owned(), 1, 1));
    }
}

#[tokio::test]
async fn a_key_that_was_lost_comes_when_it_is_there() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    shop.world.lost.lock().unwrap().insert("A".to_owned());
    let mut client = shop.watch(&["A"]).await;
    let told = next(&mut client).await;
    assert_eq!(
        (&told["errors"][0]["extensions"]["code"], &told["extensions"]["live"]["key"]),
        (&"LOST".into(), &"A".into())
    );
    shop.world.lost.lock().unwrap().clear();
    assert_eq!(badge(&mut client).await, ("A".to_owned(), 1, 1));
}

#[tokio::test]
async fn an_error_does_not_take_the_place_of_a_value_that_waits() {
    let shop = Shop::open(&config());
    shop.world.set("A", 1);
    let mut slow = shop.watch(&["A"]).await;
    let mut fast = shop.watch(&["A"]).await;
    badge(&mut fast).await;
    shop.world.lost.lock().unwrap().insert("A".to_owned());
    let mut other = shop.watch(&["A"]).await;
    assert_eq!((error_code(&mut other).await.as_str(), error_code(&mut fast).await.as_str()), ("LOST", "LOST"));
    assert_eq!((badge(&mut slow).await.1, error_code(&mut slow).await.as_str()), (1, "LOST"));
}
