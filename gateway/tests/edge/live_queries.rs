//! `query @live` in each protocol.

use std::sync::atomic::Ordering;

use http::StatusCode;
use selvedge_gateway::cache::EntityEvent;
use serde_json::{Value, json};

use crate::edge_support::{Streamed, TestGateway, config, eventually, post, socket::Socket};

const QUERY: &str = r#"query @live { badge(sku: "A") { sku available title } }"#;

fn body(query: &str) -> String {
    json!({ "query": query }).to_string()
}

/// Sells, and the bus says so.
fn sell(gateway: &TestGateway) {
    gateway.script.units.fetch_sub(1, Ordering::SeqCst);
    gateway.gateway.entity_events().evict(&EntityEvent::of("Badge", "sku", "A"));
}

async fn live_queries_are(gateway: &TestGateway, count: usize) {
    let queries = gateway.gateway.pipeline().live_queries().unwrap().clone();
    eventually("the number of live queries", || queries.count() == count).await;
}

#[tokio::test]
async fn over_websockets_it_is_a_stream_of_answers() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("q", QUERY).await;
    let first = socket.receive().await;
    assert_eq!((&first["type"], &first["id"]), (&json!("next"), &json!("q")), "{first}");
    let badge = |message: &Value| message["payload"]["data"]["badge"].clone();
    assert_eq!(badge(&first), json!({ "sku": "A", "available": 7, "title": "Shirt A" }));
    assert_eq!(first["payload"]["revision"], 1);
    sell(&gateway);
    let second = socket.receive().await;
    assert_eq!((&badge(&second)["available"], &second["payload"]["revision"]), (&json!(6), &json!(2)));
    socket.send(json!({ "type": "complete", "id": "q" })).await;
    live_queries_are(&gateway, 0).await;
}

#[tokio::test]
async fn what_is_wrong_with_it_is_told_before_it_begins() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("q", r#"query @live(throttle: -1) { badge(sku: "A") { sku } }"#).await;
    let error = socket.receive().await;
    assert_eq!(error["type"], "error", "{error}");
    assert!(error["payload"][0]["message"].as_str().unwrap().contains("throttle"), "{error}");
    let mut config = config();
    config.subscriptions.max_subscriptions = 1;
    let gateway = TestGateway::start(config).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("one", QUERY).await;
    socket.receive().await;
    socket.subscribe("two", QUERY).await;
    let error = socket.receive().await;
    assert_eq!(
        (&error["id"], &error["payload"][0]["extensions"]["code"]),
        (&json!("two"), &json!("TOO_MANY_SUBSCRIPTIONS"))
    );
}

async fn streamed(accept: &str) -> (TestGateway, Streamed) {
    let gateway = TestGateway::start(config()).await;
    let stream = gateway.stream(post().header("accept", accept), "/graphql", &body(QUERY)).await;
    (gateway, stream)
}

#[tokio::test]
async fn over_http_it_streams_where_a_stream_is_accepted() {
    for accept in ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json"] {
        let (gateway, mut stream) = streamed(accept).await;
        let first = stream.until("\"revision\":1}").await;
        assert!(first.contains(r#""available":7"#), "{first}");
        sell(&gateway);
        let second = stream.until("\"revision\":2}").await;
        assert!(second.contains(r#""available":6"#), "{second}");
        drop(stream);
        live_queries_are(&gateway, 0).await;
    }
}

#[tokio::test]
async fn whoever_takes_no_stream_gets_one_answer() {
    let gateway = TestGateway::start(config()).await;
    for accept in [
        "application/json",
        "application/graphql-response+json",
        "multipart/mixed;deferSpec=20220824, application/json",
    ] {
        let response = gateway.send(post().header("accept", accept), "/graphql", &body(QUERY)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.body().contains(r#""available":7"#) && !response.body().contains("revision"), "{response:?}");
    }
    let off = r#"query @live(if: false) { badge(sku: "A") { available } }"#;
    let mut stream = gateway.stream(post().header("accept", "text/event-stream"), "/graphql", &body(off)).await;
    let all = stream.rest().await;
    assert!(all.contains(r#""available":7"#) && !all.contains("revision"), "{all}");
}

#[tokio::test]
async fn subgraphs_do_not_see_the_directive_and_the_schema_names_it() {
    let gateway = TestGateway::start(config()).await;
    gateway.query(QUERY).await;
    let seen = std::mem::take(&mut *gateway.script.seen.lock().unwrap());
    assert!(!seen.is_empty() && seen.iter().all(|(.., body)| !body.to_string().contains("@live")), "{seen:?}");
    let schema = gateway.query("{ __schema { directives { name locations args { name defaultValue } } } }").await;
    let directives = schema["data"]["__schema"]["directives"].as_array().unwrap();
    let live = directives.iter().find(|directive| directive["name"] == "live").unwrap();
    assert_eq!(live["locations"], json!(["QUERY"]));
    let pipeline = gateway.gateway.pipeline();
    assert!(pipeline.schema().api_sdl().contains("directive @live("));
}

#[tokio::test]
async fn without_subscriptions_it_is_answered_once() {
    let mut config = config();
    config.subscriptions.enabled = false;
    let gateway = TestGateway::start(config).await;
    let stream = post().header("accept", "text/event-stream");
    let all = gateway.stream(stream, "/graphql", &body(QUERY)).await.rest().await;
    assert!(all.contains(r#""available":7"#) && !all.contains("revision"), "{all}");
}
