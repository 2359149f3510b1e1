//! The cache over HTTP: what clients and caches on the way are told, and evicting from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod cache_support;

use std::time::Duration;

use axum::{Router, body::Body};
use cache_support::{Shop, World, config};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

const PRODUCT: &str = "{ product(id: \"1\") { id title badge { sku available } } }";

async fn post(router: Router, path: &str, body: String) -> (StatusCode, HeaderMap, Value) {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// `cache-control`, `age`, `vary` of an answer.
async fn told(shop: &Shop, query: &str) -> [Option<String>; 3] {
    let (status, headers, _) = post(shop.gateway.router(), "/graphql", json!({ "query": query }).to_string()).await;
    assert_eq!(status, StatusCode::OK);
    [header::CACHE_CONTROL, header::AGE, header::VARY].map(|name| {
        let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_ascii_lowercase());
        Some(lines.collect::<Vec<_>>().join(", ")).filter(|all| !all.is_empty())
    })
}

fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("-")
}

#[tokio::test(start_paused = true)]
async fn clients_are_told_the_least_of_all_parts() {
    let shop = Shop::new(World::new().saying("public, max-age=60"));
    shop.world.says("pages", "public, max-age=20");
    let [control, age, vary] = told(&shop, "{ page { products { title } } }").await;
    assert_eq!((text(&control), text(&age)), ("public, max-age=20", "0"));
    assert!(text(&vary).contains("accept") && !text(&vary).contains("authorization"), "{vary:?}");
    tokio::time::advance(Duration::from_secs(7)).await;
    let [control, age, _] = told(&shop, "{ page { products { title } } }").await;
    assert_eq!((text(&control), text(&age)), ("public, max-age=20", "7"), "readers subtract its age");
}

#[tokio::test(start_paused = true)]
async fn what_is_private_or_not_to_be_kept_is_told_so() {
    let shop = Shop::new(World::new().saying("public, max-age=60"));
    shop.world.says("wishes", "private, max-age=60");
    let [control, _, vary] = told(&shop, "{ product(id: \"1\") { title note } }").await;
    assert_eq!(text(&control), "private, max-age=60");
    assert!(text(&vary).contains("authorization"), "{vary:?}");
    for hint in ["no-store", ""] {
        shop.world.says("wishes", hint);
        let [control, age, _] = told(&shop, "{ product(id: \"2\") { title note } }").await;
        assert_eq!((text(&control), text(&age)), ("no-store", "-"), "{hint}");
    }
    *shop.world.failing.lock().unwrap() = Some("stock".to_owned());
    assert_eq!(text(&told(&shop, "{ product(id: \"3\") { title } }").await[0]), "no-store", "it has errors");
    *shop.world.failing.lock().unwrap() = None;
    assert_eq!(text(&told(&shop, "mutation { reserveSilently(sku: \"s1\") }").await[0]), "no-store");
}

#[tokio::test(start_paused = true)]
async fn what_only_events_end_is_kept_by_nobody_who_does_not_hear_them() {
    let shop = Shop::new(World::new().saying("public, max-age=60"));
    let source = shop.events().source(&["Badge".to_owned()]);
    source.connect();
    for _ in 0..2 {
        assert_eq!(text(&told(&shop, PRODUCT).await[0]), "no-store");
    }
    assert_eq!(shop.world.asked("stock").len(), 1, "the gateway hears them");
    assert_eq!(text(&told(&shop, "{ product(id: \"1\") { title } }").await[0]), "public, max-age=60");
}

#[tokio::test]
async fn nothing_is_told_where_it_is_switched_off() {
    let mut config = config();
    config.cache.client_headers = false;
    let shop = Shop::with(World::new().saying("public, max-age=60"), config);
    assert_eq!(told(&shop, PRODUCT).await[..2], [None, None]);
}

#[tokio::test]
async fn entities_are_evicted_from_outside() {
    let mut config = config();
    config.cache.webhook = true;
    let shop = Shop::with(World::new().saying("public, max-age=60"), config);
    let asked = async |shop: &Shop| {
        shop.world.forget_log();
        shop.ask(PRODUCT, None).await;
        shop.world.asked("stock").len()
    };
    assert_eq!((asked(&shop).await, asked(&shop).await), (1, 0));
    let evict = |body: Value| post(shop.gateway.admin_router(), "/cache/evict", body.to_string());
    let (status, _, answer) = evict(json!({ "typename": "Badge", "key": { "sku": "s2" } })).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "evicted": 1 })));
    assert_eq!(asked(&shop).await, 0, "of another badge");
    let both = json!([{ "typename": "Badge", "key": { "sku": "s1" }, "revision": 5 }, { "typename": "Customer" }]);
    assert_eq!(evict(both).await.2, json!({ "evicted": 2 }));
    assert_eq!((asked(&shop).await, asked(&shop).await), (1, 0));
    for wrong in [json!({}), json!({ "typename": "Badge", "keys": {} }), json!("Badge"), json!([{ "key": {} }])] {
        assert_eq!(evict(wrong).await.0, StatusCode::BAD_REQUEST);
    }
    assert_eq!(asked(&shop).await, 0);
}

#[tokio::test]
async fn nobody_evicts_from_outside_unless_it_is_configured() {
    let shop = Shop::new(World::new());
    let body = json!({ "typename": "Badge" }).to_string();
    assert_eq!(post(shop.gateway.admin_router(), "/cache/evict", body.clone()).await.0, StatusCode::NOT_FOUND);
    assert_ne!(
        post(shop.gateway.router(), "/cache/evict", body).await.0,
        StatusCode::OK,
        "nor at the clients' address"
    );
}
