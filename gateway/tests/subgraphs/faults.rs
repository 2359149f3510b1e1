//! A subgraph behind a proxy that breaks things: what the gateway makes of it, and how long it takes.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;
use selvedge_gateway::{
    config::{CircuitBreakerConfig, RetryConfig, SubgraphConfig},
    operation::OperationKind::{Mutation, Query},
};
use serde_json::json;
use tokio::time::Instant;

use crate::subgraph_support::{
    Subgraph, ask,
    gateway::{TestGateway, serve},
    json as answer,
    proxy::{Fault, Proxy},
    stack,
};

const TIMEOUT_MS: u64 = 1_000;
/// What a busy machine may add to a time.
const SLACK: Duration = Duration::from_secs(2);

fn config() -> SubgraphConfig {
    SubgraphConfig {
        timeout_ms: TIMEOUT_MS,
        retry: RetryConfig { max_retries: 0, ..RetryConfig::default() },
        circuit_breaker: CircuitBreakerConfig { enabled: false, ..CircuitBreakerConfig::default() },
        ..SubgraphConfig::default()
    }
}

async fn proxied(subgraph: &Subgraph) -> Proxy {
    Proxy::to(subgraph.listen().await).await
}

#[tokio::test]
async fn every_fault_has_its_code_and_nothing_hangs_past_the_timeout() {
    let subgraph = Subgraph::fixed();
    let proxy = proxied(&subgraph).await;
    let transport = stack(&proxy.url(), &config());
    let within = Duration::from_millis(TIMEOUT_MS);
    for (fault, expected) in [
        (Fault::None, "OK"),
        (Fault::Latency(Duration::from_millis(50)), "OK"),
        (Fault::Latency(Duration::from_secs(60)), "SUBGRAPH_TIMEOUT"),
        (Fault::Reset, "SUBGRAPH_INTERRUPTED"),
        (Fault::HalfOpen, "SUBGRAPH_TIMEOUT"),
        (Fault::Garbage, "SUBGRAPH_INTERRUPTED"),
        (Fault::SlowBytes(Duration::from_millis(50)), "SUBGRAPH_TIMEOUT"),
        (Fault::CutAfter(10), "SUBGRAPH_INTERRUPTED"),
        (Fault::CutAfter(100), "SUBGRAPH_INTERRUPTED"),
        (Fault::None, "OK"),
    ] {
        proxy.set(fault);
        for kind in [Query, Mutation] {
            let started = Instant::now();
            let outcome = ask(&transport, kind).await.map_or_else(|error| error.code(), |_| "OK");
            assert_eq!(outcome, expected, "{fault:?}");
            assert!(started.elapsed() < within + SLACK, "{fault:?}: {:?}", started.elapsed());
        }
    }
}

#[tokio::test]
async fn answers_of_ten_megabytes_arrive_whole_or_are_refused() {
    let large = format!("{{\"data\":{{\"a\":\"{}\"}}}}", "x".repeat(10_000_000));
    let sent = large.clone();
    let subgraph = Subgraph::new(move |_| answer(sent.clone()));
    let proxy = proxied(&subgraph).await;
    let patient = SubgraphConfig { timeout_ms: 30_000, ..config() };
    assert!(ask(&stack(&proxy.url(), &patient), Query).await.unwrap() == large);
    let strict = SubgraphConfig { max_response_bytes: 9_000_000, ..patient };
    let refused = ask(&stack(&proxy.url(), &strict), Query).await.unwrap_err();
    assert_eq!(refused.to_string(), "subgraph `inventory` answered with more than 9000000 bytes");
}

#[tokio::test]
async fn an_answer_may_come_slowly_as_long_as_it_comes_in_time() {
    let proxy = proxied(&Subgraph::fixed()).await;
    proxy.set(Fault::SlowBytes(Duration::from_millis(1)));
    let patient = SubgraphConfig { timeout_ms: 30_000, ..config() };
    assert_eq!(ask(&stack(&proxy.url(), &patient), Query).await.unwrap(), "{\"data\":{\"a\":1}}");
}

#[tokio::test]
async fn queries_alone_are_tried_again_within_their_budget() {
    let subgraph = Subgraph::fixed();
    let proxy = proxied(&subgraph).await;
    proxy.set(Fault::Reset);
    let retry = RetryConfig { max_retries: 2, backoff_ms: 1, ..RetryConfig::default() };
    let transport = stack(&proxy.url(), &SubgraphConfig { retry, ..config() });
    assert_eq!(ask(&transport, Mutation).await.unwrap_err().code(), "SUBGRAPH_INTERRUPTED");
    assert_eq!(proxy.requests(), 1);
    assert_eq!(ask(&transport, Query).await.unwrap_err().code(), "SUBGRAPH_INTERRUPTED");
    assert_eq!(proxy.requests(), 4);
    let healing = proxy.clone();
    let retry = RetryConfig { max_retries: 2, backoff_ms: 200, ..RetryConfig::default() };
    let transport = stack(&proxy.url(), &SubgraphConfig { retry, timeout_ms: 5_000, ..config() });
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        healing.set(Fault::None);
    });
    assert_eq!(ask(&transport, Query).await.unwrap(), "{\"data\":{\"a\":1}}");
    // 10 s with 2 retries a second and every tenth request: 20 retries, and 10 for 100 requests.
    proxy.set(Fault::Reset);
    let retry = RetryConfig { budget_percent: 10, budget_min_per_s: 2, backoff_ms: 0, ..RetryConfig::default() };
    let transport = stack(&proxy.url(), &SubgraphConfig { retry, ..config() });
    let before = proxy.requests();
    for _ in 0..100 {
        assert!(ask(&transport, Query).await.is_err());
    }
    let retries = proxy.requests() - before - 100;
    assert!((20..=31).contains(&retries), "{retries} retries");
}

#[tokio::test]
async fn the_circuit_opens_and_heals() {
    let subgraph = Subgraph::fixed();
    let proxy = proxied(&subgraph).await;
    let circuit_breaker = CircuitBreakerConfig { min_requests: 5, open_ms: 1_500, probes: 2, ..Default::default() };
    let transport = stack(&proxy.url(), &SubgraphConfig { circuit_breaker, ..config() });
    let code = async || ask(&transport, Query).await.map_or_else(|error| error.code(), |_| "OK");
    proxy.set(Fault::Reset);
    for _ in 0..5 {
        assert_eq!(code().await, "SUBGRAPH_INTERRUPTED");
    }
    let reached = proxy.requests();
    for _ in 0..20 {
        assert_eq!(code().await, "SUBGRAPH_CIRCUIT_OPEN");
    }
    assert_eq!(proxy.requests(), reached, "an open circuit asks nothing");
    proxy.set(Fault::None);
    tokio::time::sleep(Duration::from_millis(1_510)).await;
    for _ in 0..10 {
        assert_eq!(code().await, "OK");
    }
}

#[tokio::test]
async fn what_is_no_answer_says_what_it_was() {
    let response = |status: u16, content_type: &'static str, body: &'static str| {
        let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert("content-type", content_type.parse().unwrap());
        response
    };
    for (response, expected) in [
        (
            response(500, "application/json", "{\"errors\":[{\"message\":\"no\"}]}"),
            "{\"errors\":[{\"message\":\"no\"}]}",
        ),
        (response(200, "text/html", "<html>"), "SUBGRAPH_INVALID_RESPONSE"),
        (response(200, "application/json", "[1]"), "SUBGRAPH_INVALID_RESPONSE"),
        (response(404, "text/plain", "no such page"), "SUBGRAPH_HTTP_ERROR"),
        (response(503, "text/html", "<html>"), "SUBGRAPH_HTTP_ERROR"),
    ] {
        let subgraph = Subgraph::new(move |_| response.clone());
        let url = format!("http://{}/graphql", subgraph.listen().await);
        let outcome = ask(&stack(&url, &config()), Query).await;
        let outcome =
            outcome.map_or_else(|error| error.code().to_owned(), |body| String::from_utf8_lossy(&body).into());
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn clients_get_what_the_other_subgraph_has_and_are_told_what_is_missing() {
    let (first, second) = (
        Subgraph::new(|_| answer("{\"data\":{\"me\":\"m\"}}")),
        Subgraph::new(|_| answer("{\"data\":{\"other\":\"o\"}}")),
    );
    let proxy = proxied(&first).await;
    let config = json!({ "subgraphs": { "default": {
        "timeout_ms": TIMEOUT_MS,
        "retry": { "max_retries": 0 },
        "circuit_breaker": { "min_requests": 6, "failure_percent": 70, "open_ms": 1500, "probes": 1 },
    } } });
    let gateway = TestGateway::start(config, [proxy.url(), serve(&second).await]).await;
    let ask = async || gateway.query("{ me other }", &[]).await;
    assert_eq!(ask().await, json!({ "data": { "me": "m", "other": "o" } }));
    for (fault, reason) in [
        (Fault::Latency(Duration::from_secs(60)), "SUBGRAPH_TIMEOUT"),
        (Fault::Reset, "SUBGRAPH_INTERRUPTED"),
        (Fault::HalfOpen, "SUBGRAPH_TIMEOUT"),
        (Fault::Garbage, "SUBGRAPH_INTERRUPTED"),
        (Fault::CutAfter(100), "SUBGRAPH_INTERRUPTED"),
        (Fault::None, "SUBGRAPH_CIRCUIT_OPEN"),
    ] {
        proxy.set(fault);
        let started = Instant::now();
        let answered = ask().await;
        assert!(started.elapsed() < Duration::from_millis(TIMEOUT_MS) + SLACK, "{fault:?}: {:?}", started.elapsed());
        assert_eq!(answered["data"], json!({ "me": null, "other": "o" }), "{fault:?}");
        let error = &answered["errors"][0];
        assert_eq!(error["extensions"]["reason"], reason, "{fault:?}");
        assert_eq!((&error["path"], &error["extensions"]["serviceName"]), (&json!(["me"]), &json!("first")));
        assert!(!error["message"].as_str().unwrap().contains("127.0.0.1"), "addresses stay inside");
    }
    tokio::time::sleep(Duration::from_millis(1_510)).await;
    assert_eq!(ask().await, json!({ "data": { "me": "m", "other": "o" } }), "it heals");
}

#[tokio::test]
async fn json_that_breaks_off_is_no_answer() {
    let (first, second) =
        (Subgraph::new(|_| answer("{\"data\":{\"me\":\"m")), Subgraph::new(|_| answer("{\"data\":{\"other\":\"o\"}}")));
    let gateway = TestGateway::start(json!({}), [serve(&first).await, serve(&second).await]).await;
    let answered = gateway.query("{ me other }", &[]).await;
    assert_eq!(answered["data"], json!({ "me": null, "other": "o" }));
    assert_eq!(answered["errors"][0]["extensions"]["reason"], "SUBGRAPH_INVALID_RESPONSE");
}
