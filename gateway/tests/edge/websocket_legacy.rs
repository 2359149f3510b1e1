//! graphql-ws, the older subprotocol, message by message.

use serde_json::{Value, json};

use crate::edge_support::{TestGateway, config, eventually, now, socket::Socket, token};

const BADGES: &str = r#"subscription { badges(skus: ["A", "B"]) { sku available } }"#;

async fn ready(gateway: &TestGateway) -> Socket {
    let mut socket = Socket::open_legacy(gateway.address).await;
    socket.send(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
    assert_eq!(socket.receive().await, json!({ "type": "ka" }));
    socket
}

async fn start(socket: &mut Socket, id: &str, query: &str) {
    socket.send(json!({ "id": id, "type": "start", "payload": { "query": query } })).await;
}

fn badge(id: &str, sku: &str, available: i64) -> Value {
    json!({ "id": id, "type": "data", "payload": { "data": { "badges": { "sku": sku, "available": available } } } })
}

#[tokio::test]
async fn operations_of_each_kind_run_and_stop() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = ready(&gateway).await;
    start(&mut socket, "q", "{ shopName }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["shopName"], "Selvedge");
    assert_eq!(socket.receive().await, json!({ "id": "q", "type": "complete" }));
    start(&mut socket, "s", BADGES).await;
    assert_eq!((socket.receive().await, socket.receive().await), (badge("s", "A", 1), badge("s", "B", 1)));
    gateway.script.send_badge("A", 2);
    assert_eq!(socket.receive().await, badge("s", "A", 2));
    socket.send(json!({ "id": "s", "type": "stop" })).await;
    assert_eq!(socket.receive().await, json!({ "id": "s", "type": "complete" }));
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    socket.send(json!({ "id": "s", "type": "stop" })).await;
    socket.send(json!({ "type": "connection_terminate" })).await;
    assert_eq!(socket.closed().await.0, 1000);
}

#[tokio::test]
async fn an_id_that_is_used_again_ends_the_operation_before() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = ready(&gateway).await;
    start(&mut socket, "1", "subscription { ticks { count } }").await;
    eventually("the upstream", || gateway.script.live() == 1).await;
    start(&mut socket, "1", BADGES).await;
    assert_eq!((socket.receive().await, socket.receive().await), (badge("1", "A", 1), badge("1", "B", 1)));
    eventually("the first upstream's end", || gateway.script.live() == 1).await;
}

#[tokio::test]
async fn what_cannot_run_is_an_error_and_what_is_not_understood_is_answered() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = ready(&gateway).await;
    start(&mut socket, "1", "{ nothing }").await;
    let error = socket.receive().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")));
    assert_eq!(error["payload"]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    socket.send(json!({ "id": "2", "type": "start", "payload": { "query": 7 } })).await;
    assert_eq!(socket.receive().await["payload"]["extensions"]["code"], "BAD_REQUEST");
    socket.send_text("no JSON").await;
    assert_eq!(socket.receive().await["type"], "connection_error");
    start(&mut socket, "3", "{ shopName }").await;
    assert_eq!(socket.receive().await["type"], "data", "the connection lives");
}

#[tokio::test]
async fn a_refused_token_is_told_before_the_close() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::open_legacy(gateway.address).await;
    let late = token(&json!({ "sub": "c", "exp": now().timestamp() - 60 }));
    let payload = json!({ "authorization": format!("Bearer {late}") });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    let told = socket.receive().await;
    assert_eq!(told["type"], "connection_error");
    assert_eq!(told["payload"]["message"], "Forbidden: the token has expired");
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn an_operation_needs_an_init() {
    let mut config = config();
    config.subscriptions.init_timeout_ms = 100;
    let gateway = TestGateway::start(config).await;
    let mut socket = Socket::open_legacy(gateway.address).await;
    start(&mut socket, "1", "{ shopName }").await;
    assert_eq!(socket.receive().await["type"], "connection_error");
    assert_eq!(socket.closed().await.0, 4401);
    let mut silent = Socket::open_legacy(gateway.address).await;
    assert_eq!(silent.receive().await["type"], "connection_error");
    assert_eq!(silent.closed().await.0, 4408);
}

#[tokio::test]
async fn keep_alives_come_as_long_as_the_connection_lives() {
    let mut config = config();
    config.subscriptions.keep_alive_ms = 100;
    let gateway = TestGateway::start(config).await;
    let mut socket = ready(&gateway).await;
    for _ in 0..5 {
        assert_eq!(socket.receive().await, json!({ "type": "ka" }));
    }
}
