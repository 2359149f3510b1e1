//! The hub: shared upstreams, conflation, snapshots, failures, and server-sent events.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use http::StatusCode;
use selvedge_gateway::{
    authenticate::{CorrelationId, Identity},
    request::GraphqlRequest,
    subscribe::{Caller, Subscription},
};
use serde_json::{Value, json};

use crate::edge_support::{TestGateway, code, config, eventually, now, schema, socket::Socket, token};

const BADGES: &str = r#"subscription { badges(skus: ["A", "B"]) { sku available } }"#;

async fn join(gateway: &TestGateway, query: &str, subject: Option<&str>) -> Subscription {
    let pipeline = gateway.gateway.pipeline();
    let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
    let identity = Identity { subject: subject.map(str::to_owned), ..Identity::default() };
    let caller = Caller::new(identity, CorrelationId::generate());
    let prepared = pipeline.prepare(&request).await.unwrap();
    pipeline.subscribe(prepared, request, caller).unwrap()
}

async fn next(subscription: &mut Subscription) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(5), subscription.next()).await.unwrap();
    serde_json::from_slice(&next.expect("the stream goes on")).unwrap()
}

fn data(sku: &str, available: i64) -> Value {
    json!({ "data": { "badges": { "sku": sku, "available": available } } })
}

#[tokio::test]
async fn equal_subscriptions_share_one_upstream_and_newcomers_get_the_newest_first() {
    let gateway = TestGateway::start(config()).await;
    let mut first = join(&gateway, BADGES, None).await;
    assert_eq!((next(&mut first).await, next(&mut first).await), (data("A", 1), data("B", 1)));
    gateway.script.send_badge("A", 9);
    assert_eq!(next(&mut first).await, data("A", 9));
    let mut second = join(&gateway, BADGES, None).await;
    assert_eq!((next(&mut second).await, next(&mut second).await), (data("A", 9), data("B", 1)));
    assert!(second.next().now_or_never().is_none(), "nothing twice");
    gateway.script.send_badge("B", 2);
    assert_eq!((next(&mut first).await, next(&mut second).await), (data("B", 2), data("B", 2)));
    assert_eq!((gateway.script.opened(), gateway.gateway.pipeline().hub().upstream_count()), (1, 1));
    drop(first);
    gateway.script.send_badge("A", 3);
    assert_eq!(next(&mut second).await, data("A", 3));
    drop(second);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    assert_eq!(gateway.gateway.pipeline().hub().upstream_count(), 0);
}

#[tokio::test]
async fn other_callers_variables_and_selections_are_other_streams() {
    let gateway = TestGateway::start(config()).await;
    let _a = join(&gateway, BADGES, None).await;
    let _b = join(&gateway, BADGES, Some("customer-1")).await;
    let _c = join(&gateway, r#"subscription { badges(skus: ["A"]) { sku available } }"#, None).await;
    let _d = join(&gateway, BADGES, Some("customer-1")).await;
    eventually("three upstreams", || gateway.script.opened() == 3).await;
}

#[tokio::test]
async fn a_stream_goes_on_with_the_new_schema_without_asking_the_subgraph_again() {
    let gateway = TestGateway::start(config()).await;
    let pipeline = gateway.gateway.pipeline().clone();
    let old = std::sync::Arc::downgrade(&pipeline.schema());
    let mut stream = join(&gateway, BADGES, None).await;
    assert_eq!((next(&mut stream).await, next(&mut stream).await), (data("A", 1), data("B", 1)));
    for _ in 0..3 {
        gateway.gateway.replace_schema(schema()).await;
    }
    gateway.script.send_badge("A", 9);
    assert_eq!(next(&mut stream).await, data("A", 9));
    eventually("the old schema's end", || old.upgrade().is_none() && pipeline.replaced_in_use() == 0).await;
    let mut newcomer = join(&gateway, BADGES, None).await;
    assert_eq!((next(&mut newcomer).await, next(&mut newcomer).await), (data("A", 9), data("B", 1)));
    assert_eq!(gateway.script.opened(), 1);
}

#[tokio::test]
async fn public_streams_are_shared_by_all_callers_unless_other_subgraphs_are_asked() {
    let mut config = config();
    config.subscriptions.public_fields.push("badges".to_owned());
    let gateway = TestGateway::start(config).await;
    let mut a = join(&gateway, BADGES, Some("customer-1")).await;
    let mut b = join(&gateway, BADGES, Some("customer-2")).await;
    assert_eq!((next(&mut a).await, next(&mut b).await), (data("A", 1), data("A", 1)));
    assert_eq!(gateway.script.opened(), 1);
    let titles = r#"subscription { badges(skus: ["A"]) { sku title } }"#;
    let mut c = join(&gateway, titles, Some("customer-1")).await;
    let mut d = join(&gateway, titles, Some("customer-2")).await;
    assert_eq!(next(&mut c).await["data"]["badges"]["title"], "Shirt A");
    next(&mut d).await;
    assert_eq!(gateway.script.opened(), 3);
}

#[tokio::test]
async fn a_slow_client_gets_the_newest_of_each_key() {
    let gateway = TestGateway::start(config()).await;
    let mut slow = join(&gateway, BADGES, None).await;
    let mut fast = join(&gateway, BADGES, None).await;
    next(&mut fast).await;
    next(&mut fast).await;
    for available in 2..=500 {
        gateway.script.send_badge("A", available);
    }
    while next(&mut fast).await != data("A", 500) {}
    assert_eq!((next(&mut slow).await, next(&mut slow).await), (data("A", 500), data("B", 1)));
    assert!(slow.next().now_or_never().is_none());
}

#[tokio::test]
async fn without_a_key_a_slow_client_gets_an_error_and_the_end() {
    let mut config = config();
    config.subscriptions.max_pending = 10;
    let gateway = TestGateway::start(config).await;
    let mut subscription = join(&gateway, "subscription { ticks { count } }", None).await;
    eventually("the upstream", || gateway.script.live() == 1).await;
    for count in 0..50 {
        gateway.script.events.send(json!({ "ticks": { "count": count } })).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let error = next(&mut subscription).await;
    assert_eq!(error["errors"][0]["extensions"]["code"], "SUBSCRIPTION_OVERFLOW", "{error}");
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn an_upstream_that_breaks_is_opened_again_without_the_client_noticing() {
    let gateway = TestGateway::start(config()).await;
    let mut subscription = join(&gateway, BADGES, None).await;
    assert_eq!((next(&mut subscription).await, next(&mut subscription).await), (data("A", 1), data("B", 1)));
    for (opened, how) in [(2, "break"), (3, "refuse")] {
        gateway.script.events.send(json!(how)).unwrap();
        eventually("another connection", || gateway.script.opened() == opened && gateway.script.live() == 1).await;
    }
    gateway.script.send_badge("B", 5);
    assert_eq!(next(&mut subscription).await, data("B", 5), "the repeated first values are not sent again");
}

#[tokio::test]
async fn an_upstream_that_stays_broken_ends_with_an_error_that_names_it() {
    let mut config = config();
    config.subscriptions.upstream_attempts = 2;
    let gateway = TestGateway::start(config).await;
    gateway.script.breaking.store(100, std::sync::atomic::Ordering::SeqCst);
    let mut subscription = join(&gateway, BADGES, None).await;
    let error = next(&mut subscription).await;
    assert_eq!(error["errors"][0]["message"], "subgraph `stock` broke off its answer", "{error}");
    assert!(subscription.next().await.is_none());
    assert_eq!(gateway.script.opened(), 3);
    // The stream that ended is not joined: the next client tries anew.
    gateway.script.breaking.store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(next(&mut join(&gateway, BADGES, None).await).await, data("A", 1));
}

#[tokio::test]
async fn five_hundred_sockets_share_one_upstream() {
    let gateway = TestGateway::start(config()).await;
    let mut sockets = Vec::new();
    for _ in 0..500 {
        let mut socket = Socket::ready(gateway.address).await;
        socket.subscribe("s", BADGES).await;
        sockets.push(socket);
    }
    for socket in &mut sockets {
        socket.receive_badge().await;
        socket.receive_badge().await;
    }
    gateway.script.send_badge("A", 42);
    for socket in &mut sockets {
        assert_eq!(socket.receive_badge().await, ("A".to_owned(), 42));
    }
    assert_eq!(gateway.script.opened(), 1);
    drop(sockets);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
}

#[tokio::test]
async fn subscriptions_stream_as_server_sent_events() {
    let gateway = TestGateway::start(config()).await;
    let body = json!({ "query": BADGES }).to_string();
    let without = gateway.post(&body).await;
    assert_eq!((without.status(), code(without.body()).as_str()), (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"));
    let expiring = token(&json!({ "sub": "c", "exp": now().timestamp() as f64 - 4.5 }));
    let request = http::Request::post("/")
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .header("authorization", format!("Bearer {expiring}"));
    // The token has half a second left, which ends the stream.
    let response = gateway.send(request, "/graphql", &body).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let next = |value: Value| format!("event: next\ndata: {value}\n\n");
    let expired = json!({ "errors": [{
        "message": "the token has expired; subscribe again with a new one",
        "extensions": { "code": "TOKEN_EXPIRED" },
    }] });
    let events: Vec<Value> = response
        .body()
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(events, [data("A", 1), data("B", 1), expired]);
    let (retry, rest) = response.body().split_once("\n:\n\n").unwrap();
    assert!(retry.starts_with("retry: "), "{retry}");
    assert!(rest.starts_with(&next(data("A", 1))), "{rest}");
    assert!(rest.ends_with("event: complete\ndata:\n\n"), "{rest}");
    eventually("the upstream's end", || gateway.script.live() == 0).await;
}

#[tokio::test]
async fn queries_too_can_be_answered_as_an_event() {
    let gateway = TestGateway::start(config()).await;
    let request =
        http::Request::post("/").header("content-type", "application/json").header("accept", "text/event-stream");
    let response = gateway.send(request, "/graphql", r#"{"query":"{ shopName }"}"#).await;
    assert!(
        response.body().contains("event: next\ndata: {\"data\":{\"shopName\":\"Selvedge\"}}\n\n"),
        "{}",
        response.body()
    );
}
