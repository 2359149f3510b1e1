//! GraphQL over SSE with one event stream for all operations of a client.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::edge_support::{Streamed, TestGateway, code, config, eventually, now, post, token};

const PATH: &str = "/graphql/stream";
const BADGES: &str = r#"subscription { badges(skus: ["A", "B"]) { sku available } }"#;

fn bearer(subject: &str, seconds: f64) -> String {
    format!("Bearer {}", token(&json!({ "sub": subject, "exp": now().timestamp() as f64 + seconds - 5.0 })))
}

async fn reserve(gateway: &TestGateway) -> String {
    let answer = gateway.send(Request::put("/"), PATH, "").await;
    assert_eq!(
        (answer.status(), answer.headers()["content-type"].as_bytes()),
        (StatusCode::CREATED, &b"text/plain; charset=utf-8"[..])
    );
    answer.into_body()
}

async fn open(gateway: &TestGateway, token: &str) -> Streamed {
    let request = Request::get("/").header("accept", "text/event-stream").header("x-graphql-event-stream-token", token);
    let mut stream = gateway.stream(request, PATH, "").await;
    assert_eq!(stream.head.status, StatusCode::OK);
    assert_eq!(stream.head.headers["content-type"], "text/event-stream; charset=utf-8");
    assert!(stream.until("\n:\n\n").await.starts_with("retry: "));
    stream
}

async fn start(gateway: &TestGateway, token: &str, id: &str, query: &str) -> http::Response<String> {
    let body = json!({ "query": query, "extensions": { "operationId": id } }).to_string();
    gateway.send(post().header("x-graphql-event-stream-token", token), PATH, &body).await
}

async fn stop(gateway: &TestGateway, token: &str, id: &str) -> StatusCode {
    let request = Request::delete("/").header("x-graphql-event-stream-token", token);
    gateway.send(request, &format!("{PATH}?operationId={id}"), "").await.status()
}

/// Kind, id and payload of the next event.
async fn event(stream: &mut Streamed) -> (String, String, Value) {
    loop {
        let text = stream.until("\n\n").await;
        let Some((kind, data)) = text.trim_end().strip_prefix("event: ").and_then(|rest| rest.split_once("\ndata: "))
        else {
            continue;
        };
        let data: Value = serde_json::from_str(data).unwrap();
        return (kind.to_owned(), data["id"].as_str().unwrap().to_owned(), data["payload"].clone());
    }
}

fn next(id: &str, payload: Value) -> (String, String, Value) {
    ("next".to_owned(), id.to_owned(), payload)
}

fn complete(id: &str) -> (String, String, Value) {
    ("complete".to_owned(), id.to_owned(), Value::Null)
}

fn badge(sku: &str, available: i64) -> Value {
    json!({ "data": { "badges": { "sku": sku, "available": available } } })
}

#[tokio::test]
async fn operations_of_each_kind_go_over_one_stream() {
    let gateway = TestGateway::start(config()).await;
    let token = reserve(&gateway).await;
    let mut stream = open(&gateway, &token).await;
    assert_eq!(start(&gateway, &token, "q", "{ shopName }").await.status(), StatusCode::ACCEPTED);
    assert_eq!(event(&mut stream).await, next("q", json!({ "data": { "shopName": "Selvedge" } })));
    assert_eq!(event(&mut stream).await, complete("q"));
    assert_eq!(start(&gateway, &token, "s", BADGES).await.status(), StatusCode::ACCEPTED);
    assert_eq!(
        (event(&mut stream).await, event(&mut stream).await),
        (next("s", badge("A", 1)), next("s", badge("B", 1)))
    );
    assert_eq!(start(&gateway, &token, "s", BADGES).await.status(), StatusCode::CONFLICT);
    gateway.script.send_badge("A", 2);
    assert_eq!(event(&mut stream).await, next("s", badge("A", 2)));
    assert_eq!(stop(&gateway, &token, "s").await, StatusCode::OK);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    assert_eq!(stop(&gateway, &token, "s").await, StatusCode::OK, "it is ended already");
    assert_eq!(start(&gateway, &token, "s", BADGES).await.status(), StatusCode::ACCEPTED, "its id is free");
    drop(stream);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    assert_eq!(start(&gateway, &token, "q", "{ shopName }").await.status(), StatusCode::NOT_FOUND, "with its stream");
}

#[tokio::test]
async fn a_browser_says_the_token_in_the_address_and_what_was_started_before_waits() {
    let gateway = TestGateway::start(config()).await;
    let token = reserve(&gateway).await;
    assert_eq!(start(&gateway, &token, "q", "{ shopName }").await.status(), StatusCode::ACCEPTED);
    let request = || Request::get("/").header("accept", "text/event-stream").header("user-agent", "Mozilla/5.0");
    let mut stream = gateway.stream(request(), &format!("{PATH}?token={token}"), "").await;
    assert_eq!(event(&mut stream).await.1, "q");
    let second = gateway.send(request(), &format!("{PATH}?token={token}"), "").await;
    assert_eq!((second.status(), code(second.body()).as_str()), (StatusCode::CONFLICT, "STREAM_ALREADY_OPEN"));
}

#[tokio::test]
async fn what_is_wrong_is_told_by_the_status() {
    let gateway = TestGateway::start(config()).await;
    let token = reserve(&gateway).await;
    assert_eq!(start(&gateway, "nothing", "1", "{ shopName }").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(stop(&gateway, "nothing", "1").await, StatusCode::NOT_FOUND);
    assert_eq!(stop(&gateway, &token, "").await, StatusCode::BAD_REQUEST);
    assert_eq!(start(&gateway, &token, "", "{ shopName }").await.status(), StatusCode::BAD_REQUEST);
    let invalid = start(&gateway, &token, "1", "{ nothing }").await;
    assert_eq!(
        (invalid.status(), code(invalid.body()).as_str()),
        (StatusCode::BAD_REQUEST, "GRAPHQL_VALIDATION_FAILED")
    );
    assert_eq!(start(&gateway, &token, "1", "{ shopName }").await.status(), StatusCode::ACCEPTED, "its id is free");
    let request = Request::get("/").header("accept", "application/json").header("x-graphql-event-stream-token", &token);
    assert_eq!(gateway.send(request, PATH, "").await.status(), StatusCode::NOT_ACCEPTABLE);
    let unknown = Request::get("/").header("accept", "text/event-stream").header("x-graphql-event-stream-token", "x");
    assert_eq!(gateway.send(unknown, PATH, "").await.status(), StatusCode::NOT_FOUND);
    let patch = gateway.send(Request::patch("/"), PATH, "").await;
    assert_eq!(
        (patch.status(), &patch.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &http::HeaderValue::from_static("GET, POST, PUT, DELETE"))
    );
    let bad = Request::put("/").header("authorization", bearer("c", -60.0));
    assert_eq!(gateway.send(bad, PATH, "").await.status(), StatusCode::UNAUTHORIZED);
    let forged = Request::post("/").header("content-type", "text/plain").header("x-graphql-event-stream-token", &token);
    assert_eq!(code(gateway.send(forged, PATH, "{}").await.body()), "CSRF_REFUSED");
}

#[tokio::test]
async fn a_stream_is_of_whoever_reserved_it_and_each_operation_ends_with_its_token() {
    let gateway = TestGateway::start(config()).await;
    let reserved = gateway.send(Request::put("/").header("authorization", bearer("ann", 60.0)), PATH, "").await;
    let token = reserved.into_body();
    let mut stream = open(&gateway, &token).await;
    assert_eq!(start(&gateway, &token, "1", BADGES).await.status(), StatusCode::FORBIDDEN);
    let of = |subject: &str, seconds: f64| {
        post().header("x-graphql-event-stream-token", &token).header("authorization", bearer(subject, seconds))
    };
    let body = |id: &str| json!({ "query": BADGES, "extensions": { "operationId": id } }).to_string();
    assert_eq!(gateway.send(of("bob", 60.0), PATH, &body("1")).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(gateway.send(of("ann", 0.5), PATH, &body("1")).await.status(), StatusCode::ACCEPTED);
    assert_eq!((event(&mut stream).await.1, event(&mut stream).await.1), ("1".to_owned(), "1".to_owned()));
    let (kind, id, payload) = event(&mut stream).await;
    assert_eq!((kind.as_str(), id.as_str()), ("next", "1"));
    assert_eq!(payload["errors"][0]["extensions"]["code"], "TOKEN_EXPIRED");
    assert_eq!(event(&mut stream).await, complete("1"));
    assert_eq!(
        gateway.send(of("ann", 60.0), PATH, &body("1")).await.status(),
        StatusCode::ACCEPTED,
        "the stream goes on"
    );
    assert_eq!(event(&mut stream).await, next("1", badge("A", 1)));
}

#[tokio::test]
async fn reservations_are_few_and_run_out() {
    let mut config = config();
    config.subscriptions.max_reserved_streams = 2;
    config.subscriptions.reservation_ms = 300;
    let gateway = TestGateway::start(config).await;
    let first = reserve(&gateway).await;
    let second = reserve(&gateway).await;
    let third = gateway.send(Request::put("/"), PATH, "").await;
    assert_eq!(
        (third.status(), code(third.body()).as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_RESERVED_STREAMS")
    );
    assert!(third.headers().contains_key("retry-after"));
    let stream = open(&gateway, &first).await;
    assert_eq!(start(&gateway, &second, "s", BADGES).await.status(), StatusCode::ACCEPTED);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(start(&gateway, &second, "q", "{ shopName }").await.status(), StatusCode::NOT_FOUND);
    eventually("the end of what ran on it", || gateway.script.live() == 0).await;
    assert_eq!(
        start(&gateway, &first, "q", "{ shopName }").await.status(),
        StatusCode::ACCEPTED,
        "one that is open stays"
    );
    drop(stream);
}

#[tokio::test]
async fn a_gateway_that_stops_ends_the_stream_without_completing_what_runs() {
    let gateway = TestGateway::start(config()).await;
    let token = reserve(&gateway).await;
    let mut stream = open(&gateway, &token).await;
    start(&gateway, &token, "s", BADGES).await;
    event(&mut stream).await;
    gateway.shutdown.cancel();
    let rest = stream.rest().await;
    assert!(!rest.contains("complete"), "{rest}");
    gateway.served.await.unwrap().unwrap();
    assert_eq!(gateway.script.live(), 0);
}

#[tokio::test]
async fn without_a_token_each_operation_has_its_own_connection() {
    let gateway = TestGateway::start(config()).await;
    let request = Request::post("/").header("content-type", "application/json").header("accept", "text/event-stream");
    let mut stream = gateway.stream(request, PATH, &json!({ "query": BADGES }).to_string()).await;
    assert!(stream.until("\"available\":1}}}\n\n").await.contains("event: next\ndata: {\"data\":"));
    gateway.shutdown.cancel();
    assert!(!stream.rest().await.contains("complete"), "its client comes again");
}
