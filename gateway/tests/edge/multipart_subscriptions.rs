//! Subscriptions as parts of `multipart/mixed`, byte by byte.

use http::StatusCode;
use serde_json::{Value, json};

use crate::edge_support::{TestGateway, code, config, eventually, now, token};

const BADGES: &str = r#"{"query":"subscription { badges(skus: [\"A\", \"B\"]) { sku available } }"}"#;
const HEAD: &str = "\r\n--graphql\r\ncontent-type: application/json\r\n\r\n";

fn subscribing() -> http::request::Builder {
    http::Request::post("/")
        .header("content-type", "application/json")
        .header("accept", "multipart/mixed;subscriptionSpec=1.0, application/json")
}

fn badge(sku: &str, available: i64) -> Value {
    json!({ "payload": { "data": { "badges": { "sku": sku, "available": available } } } })
}

fn parts(body: &str) -> Vec<Value> {
    let body = body.strip_suffix("\r\n--graphql--\r\n").unwrap_or_else(|| panic!("no end: {body:?}"));
    body.split(HEAD).skip(1).map(|part| serde_json::from_str(part).unwrap()).collect()
}

#[tokio::test]
async fn responses_come_as_parts_until_the_token_runs_out() {
    let gateway = TestGateway::start(config()).await;
    let expiring = token(&json!({ "sub": "c", "exp": now().timestamp() as f64 - 4.0 }));
    let request = subscribing().header("authorization", format!("Bearer {expiring}"));
    let mut answer = gateway.stream(request, "/graphql", BADGES).await;
    assert_eq!(answer.head.status, StatusCode::OK);
    assert_eq!(answer.head.headers["content-type"], "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0");
    // A part is whole with the boundary behind it.
    let first = answer.until("\"available\":1}}}}\r\n--graphql").await;
    gateway.script.send_badge("A", 2);
    let body = first + &answer.rest().await;
    let expired = json!({ "payload": null, "errors": [{
        "message": "the token has expired; subscribe again with a new one",
        "extensions": { "code": "TOKEN_EXPIRED" },
    }] });
    assert_eq!(parts(&body), [json!({}), badge("A", 1), badge("B", 1), badge("A", 2), expired]);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
}

#[tokio::test]
async fn heartbeats_come_and_a_client_that_leaves_ends_the_upstream() {
    let mut config = config();
    config.subscriptions.keep_alive_ms = 100;
    let gateway = TestGateway::start(config).await;
    let mut answer = gateway.stream(subscribing(), "/graphql", BADGES).await;
    for _ in 0..4 {
        answer.until(&format!("{HEAD}{{}}\r\n--graphql").replacen("\r\n--graphql", "", 1)).await;
    }
    drop(answer);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
}

#[tokio::test]
async fn a_gateway_that_stops_says_so() {
    let gateway = TestGateway::start(config()).await;
    let mut answer = gateway.stream(subscribing(), "/graphql", BADGES).await;
    let first = answer.until("\"sku\":\"B\",\"available\":1}}}}").await;
    gateway.shutdown.cancel();
    let told = parts(&(first + &answer.rest().await));
    assert_eq!(told.last().unwrap()["errors"][0]["extensions"]["code"], "GATEWAY_SHUTTING_DOWN");
    gateway.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_cannot_run_is_answered_in_one() {
    let gateway = TestGateway::start(config()).await;
    let invalid = r#"{"query":"subscription { nothing }"}"#;
    let json = gateway.send(subscribing(), "/graphql", invalid).await;
    assert_eq!(json.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(code(json.body()), "GRAPHQL_VALIDATION_FAILED");
    let only = || {
        http::Request::post("/")
            .header("content-type", "application/json")
            .header("accept", "multipart/mixed;subscriptionSpec=1.0")
    };
    let answer = gateway.send(only(), "/graphql", invalid).await;
    assert_eq!(parts(answer.body())[1]["payload"]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    let answer = gateway.send(only(), "/graphql", r#"{"query":"{ shopName }"}"#).await;
    assert_eq!(parts(answer.body()), [json!({}), json!({ "payload": { "data": { "shopName": "Selvedge" } } })]);
}
