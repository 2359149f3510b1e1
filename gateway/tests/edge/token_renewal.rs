//! A connection outlives its token: what is told of its end, and how a new one takes its place.

use serde_json::{Value, json};

use crate::edge_support::{TestGateway, config, now, socket::Socket, token};

/// A token that the gateway takes for so many more seconds; it gives each five of leeway.
fn bearer(subject: &str, scope: &str, seconds: f64) -> String {
    let claims = json!({ "sub": subject, "scope": scope, "exp": now().timestamp() as f64 + seconds - 5.0 });
    format!("Bearer {}", token(&claims))
}

fn ends_at(seconds: i64) -> Value {
    let at = now() + chrono::TimeDelta::seconds(seconds);
    json!({ "expiresAt": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true) })
}

async fn ready(gateway: &TestGateway, authorization: &str) -> (Socket, Value) {
    let mut socket = Socket::open(gateway.address).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
    let acknowledged = socket.receive().await;
    assert_eq!(acknowledged["type"], "connection_ack");
    (socket, acknowledged["payload"].clone())
}

#[tokio::test]
async fn a_ping_with_a_new_token_moves_the_end() {
    let gateway = TestGateway::start(config()).await;
    let (mut socket, told) = ready(&gateway, &bearer("c", "a", 1.0)).await;
    assert_eq!(told, ends_at(1));
    socket.subscribe("s", "subscription { ticks { count } }").await;
    socket.send(json!({ "type": "ping", "payload": { "Authorization": bearer("c", "a b", 600.0) } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": ends_at(600) }));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    gateway.script.events.send(json!({ "ticks": { "count": 1 } })).unwrap();
    assert_eq!(socket.receive().await["payload"]["data"]["ticks"]["count"], 1, "the stream outlives the first token");
    // Operations that come now run with the new one.
    socket.subscribe("q", r#"{ badge(sku: "A") { available } }"#).await;
    assert_eq!(socket.receive().await["type"], "next");
}

#[tokio::test]
async fn a_token_that_is_no_renewal_closes() {
    let gateway = TestGateway::start(config()).await;
    for (renewal, why) in [
        (bearer("other", "a b", 600.0), "Forbidden: the token is of another subject"),
        (bearer("c", "a", 600.0), "Forbidden: the token grants less than the one before"),
        (bearer("c", "a b", -1.0), "Forbidden: the token has expired"),
        ("nonsense".to_owned(), "Forbidden: the authorization header must be `Bearer` and a token"),
    ] {
        let (mut socket, _) = ready(&gateway, &bearer("c", "a b", 60.0)).await;
        socket.send(json!({ "type": "ping", "payload": { "authorization": renewal } })).await;
        assert_eq!(socket.closed().await, (4403, why.to_owned()));
    }
    let mut anonymous = Socket::ready(gateway.address).await;
    anonymous.send(json!({ "type": "ping", "payload": { "authorization": bearer("c", "", 60.0) } })).await;
    assert_eq!(anonymous.closed().await, (4403, "Forbidden: the token is of another subject".to_owned()));
}

#[tokio::test]
async fn a_token_is_never_sent_back() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::open(gateway.address).await;
    socket.send(json!({ "type": "ping", "payload": { "authorization": bearer("c", "", 60.0) } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }));
    socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": { "n": 1 } }));
}

#[tokio::test]
async fn the_older_protocol_renews_by_another_init() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::open_legacy(gateway.address).await;
    let init =
        |authorization: String| json!({ "type": "connection_init", "payload": { "authorization": authorization } });
    for seconds in [1, 600] {
        socket.send(init(bearer("c", "a", f64::from(seconds)))).await;
        let acknowledged = json!({ "type": "connection_ack", "payload": ends_at(i64::from(seconds)) });
        assert_eq!(socket.receive().await, acknowledged);
        assert_eq!(socket.receive().await, json!({ "type": "ka" }));
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    socket.send(init(bearer("other", "a", 600.0))).await;
    assert_eq!(socket.receive().await["payload"]["message"], "Forbidden: the token is of another subject");
    assert_eq!(socket.closed().await.0, 4403);
}
