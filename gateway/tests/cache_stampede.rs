//! Many who want the same at the same time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod cache_support;

use std::{sync::Arc, time::Duration};

use cache_support::{Shop, World};
use futures::future::join_all;
use serde_json::json;

const PRODUCT: &str = "{ product(id: \"1\") { title badge { sku available } } }";

fn spawned(
    shop: &Arc<Shop>,
    query: &'static str,
    variables: serde_json::Value,
    subject: Option<String>,
) -> tokio::task::JoinHandle<serde_json::Value> {
    let shop = Arc::clone(shop);
    tokio::spawn(async move { shop.ask_with(query, variables, subject.as_deref()).await })
}

async fn until_asked(shop: &Shop, subgraph: &str, times: usize) {
    tokio::time::timeout(Duration::from_secs(5), async {
        while shop.world.asked(subgraph).len() < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it is never asked that often");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_misses_make_one_fetch() {
    let shop = Arc::new(Shop::new(World::new().saying("public, max-age=60").gated()));
    let asking: Vec<_> = (0..100)
        .map(|number| spawned(&shop, PRODUCT, json!({}), (number % 3 > 0).then(|| format!("u{number}"))))
        .collect();
    until_asked(&shop, "stock", 1).await;
    // Long enough for all of them to have come as far.
    tokio::time::sleep(Duration::from_millis(100)).await;
    shop.world.open(1_000);
    let answers = join_all(asking).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap()["product"]["title"] == "title 1"));
    assert_eq!(shop.world.asked("stock").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_misses_of_one_callers_own_make_one_fetch() {
    let shop = Arc::new(Shop::new(World::new().saying("private, max-age=60").gated()));
    let query = "{ me { id note } }";
    let asking: Vec<_> = (0..100).map(|_| spawned(&shop, query, json!({}), Some("ada".to_owned()))).collect();
    until_asked(&shop, "wishes", 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    shop.world.open(1_000);
    for answer in join_all(asking).await {
        assert_eq!(answer.unwrap()["me"]["note"], "for ada");
    }
    assert_eq!(shop.world.asked("wishes").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_wants_more_waits_for_what_is_asked_and_asks_for_the_rest() {
    let shop = Arc::new(Shop::new(World::new().saying("public, max-age=60").gated()));
    let query = "query($name: String) { page(name: $name) { products { id title } } }";
    let one = spawned(&shop, query, json!({ "name": "1,2" }), None);
    let other = spawned(&shop, query, json!({ "name": "2,3" }), None);
    until_asked(&shop, "pages", 2).await;
    shop.world.open(2);
    until_asked(&shop, "stock", 2).await;
    shop.world.open(100);
    assert_eq!(one.await.unwrap()["page"]["products"][1]["title"], "title 2");
    let page = other.await.unwrap();
    assert_eq!(
        (&page["page"]["products"][0]["title"], &page["page"]["products"][1]["title"]),
        (&json!("title 2"), &json!("title 3"))
    );
    let mut ids: Vec<String> = shop.world.stock_ids().concat();
    ids.sort();
    assert_eq!(ids, ["1", "2", "3"], "each of them once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_the_first_goes_away_the_others_are_answered() {
    let shop = Arc::new(Shop::new(World::new().saying("public, max-age=60").gated()));
    let first = spawned(&shop, PRODUCT, json!({}), None);
    until_asked(&shop, "stock", 1).await;
    let others: Vec<_> = (0..20).map(|_| spawned(&shop, PRODUCT, json!({}), None)).collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    first.abort();
    until_asked(&shop, "stock", 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    shop.world.open(100);
    for answer in join_all(others).await {
        assert_eq!(answer.unwrap()["product"]["title"], "title 1");
    }
    assert_eq!(shop.world.asked("stock").len(), 2, "one of the others has asked for all of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_nobody_else_may_have_is_asked_for_by_each() {
    let shop = Arc::new(Shop::new(World::new().saying("private, max-age=60").gated()));
    let query = "{ me { id note } }";
    let asking: Vec<_> = (0..10).map(|number| spawned(&shop, query, json!({}), Some(format!("u{number}")))).collect();
    until_asked(&shop, "wishes", 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    shop.world.open(100);
    for (number, answer) in join_all(asking).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap()["me"]["note"], format!("for u{number}"));
    }
    assert_eq!(shop.world.asked("wishes").len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_the_fetch_fails_each_asks_once_more_and_at_once() {
    let shop = Arc::new(Shop::new(World::new().saying("public, max-age=60").gated()));
    *shop.world.failing.lock().unwrap() = Some("stock".to_owned());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.response(PRODUCT, None).await.errors.len() })
        })
        .collect();
    until_asked(&shop, "stock", 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    shop.world.open(1);
    until_asked(&shop, "stock", 20).await;
    shop.world.open(100);
    for errors in join_all(asking).await {
        assert_eq!(errors.unwrap(), 1);
    }
    assert_eq!(shop.world.asked("stock").len(), 20);
}
