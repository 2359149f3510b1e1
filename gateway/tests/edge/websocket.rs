//! graphql-transport-ws, message by message.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::edge_support::{TestGateway, config, eventually, now, socket::Socket, token};

const BADGES: &str = r#"subscription { badges(skus: ["A", "B"]) { sku available } }"#;

#[tokio::test]
async fn queries_and_mutations_run_over_the_socket() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("q", "{ shopName }").await;
    assert_eq!(
        socket.receive().await,
        json!({ "id": "q", "type": "next", "payload": { "data": { "shopName": "Selvedge" } } })
    );
    assert_eq!(socket.receive().await, json!({ "id": "q", "type": "complete" }));
    socket.subscribe("q", r#"mutation { adjust(sku: "A", by: 1) { available } }"#).await;
    assert_eq!(socket.receive().await["payload"]["data"]["adjust"]["available"], 7);
    assert_eq!(socket.receive().await["type"], "complete");
}

#[tokio::test]
async fn operations_that_cannot_run_get_an_error_and_the_connection_lives() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("1", "{ nothing }").await;
    let error = socket.receive().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("1")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": { "n": 1 } }));
}

#[tokio::test]
async fn a_subscription_streams_until_it_is_completed() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("s", BADGES).await;
    assert_eq!(socket.receive_badge().await, ("A".to_owned(), 1));
    assert_eq!(socket.receive_badge().await, ("B".to_owned(), 1));
    gateway.script.send_badge("A", 2);
    assert_eq!(socket.receive_badge().await, ("A".to_owned(), 2));
    socket.send(json!({ "id": "s", "type": "complete" })).await;
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    gateway.script.send_badge("A", 3);
    assert!(socket.is_silent().await);
    socket.subscribe("s", "{ shopName }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["shopName"], "Selvedge");
}

#[tokio::test]
async fn entity_fields_are_resolved_for_each_event() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("s", r#"subscription { badges(skus: ["A", "B"]) { sku title } }"#).await;
    let first = socket.receive().await;
    assert_eq!(first["payload"]["data"]["badges"], json!({ "sku": "A", "title": "Shirt A" }), "{first}");
}

#[tokio::test]
async fn faults_of_the_client_close_with_their_codes() {
    let gateway = TestGateway::start(config()).await;
    for (messages, code) in [
        (vec![json!("x")], 4400),
        (vec![json!({ "type": "nope" })], 4400),
        (vec![json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ shopName }" } })], 4401),
        (vec![json!({ "type": "connection_init" }), json!({ "type": "connection_init" })], 4429),
        (vec![json!({ "type": "connection_init", "payload": { "authorization": "Bearer nonsense" } })], 4403),
        (vec![json!({ "type": "connection_init", "payload": 7 })], 4400),
        (vec![json!({ "type": "ping", "payload": [] })], 4400),
        (
            vec![
                json!({ "type": "connection_init" }),
                json!({ "type": "subscribe", "id": "1", "payload": { "query": 7 } }),
            ],
            4400,
        ),
        (
            vec![
                json!({ "type": "connection_init" }),
                json!({ "type": "start", "id": "1", "payload": { "query": "{ shopName }" } }),
            ],
            4400,
        ),
    ] {
        let mut socket = Socket::open(gateway.address).await;
        for message in &messages {
            socket.send(message.clone()).await;
        }
        assert_eq!(socket.closed().await.0, code, "{messages:?}");
    }
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("same", BADGES).await;
    socket.subscribe("same", BADGES).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for same already exists".to_owned()));
    eventually("the upstream's end", || gateway.script.live() == 0).await;
}

#[tokio::test]
async fn ids_of_no_operation_are_ignored_and_those_of_completed_ones_free() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.send(json!({ "type": "complete", "id": "never" })).await;
    for _ in 0..2 {
        socket.subscribe("1", "{ shopName }").await;
        assert_eq!(
            (socket.receive().await["type"].clone(), socket.receive().await["type"].clone()),
            (json!("next"), json!("complete"))
        );
        socket.send(json!({ "type": "complete", "id": "1" })).await;
    }
}

#[tokio::test]
async fn a_query_that_was_completed_early_is_not_answered() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("1", "{ slow }").await;
    socket.send(json!({ "type": "complete", "id": "1" })).await;
    socket.send(json!({ "type": "pong" })).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong" }));
}

#[tokio::test]
async fn the_closing_handshake_is_answered_with_the_client_s_code() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("s", BADGES).await;
    socket.receive_badge().await;
    socket.close(1000, "done").await;
    assert_eq!(socket.closed().await.0, 1000);
    assert!(socket.ends().await);
    eventually("the upstream's end", || gateway.script.live() == 0).await;
    let mut odd = Socket::open(gateway.address).await;
    odd.close(4499, "terminated").await;
    assert_eq!(odd.closed().await.0, 4499);
}

#[tokio::test]
async fn a_client_that_never_initialises_is_closed() {
    let mut config = config();
    config.subscriptions.init_timeout_ms = 50;
    let gateway = TestGateway::start(config).await;
    assert_eq!(Socket::open(gateway.address).await.closed().await.0, 4408);
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_its_code() {
    let mut config = config();
    config.limits.max_body_bytes = 1_000;
    let gateway = TestGateway::start(config).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.send_text(&"x".repeat(2_000_000)).await;
    assert_eq!(socket.closed().await.0, 1009);
}

#[tokio::test]
async fn only_a_get_becomes_a_socket() {
    let gateway = TestGateway::start(config()).await;
    for (method, status) in [("POST", "400"), ("GET", "101")] {
        let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
        let request = format!(
            "{method} /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{method}");
    }
}

#[tokio::test]
async fn another_subprotocol_is_not_acceptable() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::open_with(gateway.address, &[]).await.unwrap();
    assert_eq!(socket.closed().await.0, 4406);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let gateway = TestGateway::start(config()).await;
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    assert!(Socket::open_with(gateway.address, &[protocol, ("origin", "https://evil.example")]).await.is_err());
    let own = format!("http://{}", gateway.address);
    assert!(Socket::open_with(gateway.address, &[protocol, ("origin", own.as_str())]).await.is_ok());
}

#[tokio::test]
async fn a_token_is_checked_at_connect_and_while_the_stream_lives() {
    let gateway = TestGateway::start(config()).await;
    let bearer =
        |seconds: i64| format!("Bearer {}", token(&json!({ "sub": "customer-1", "exp": now().timestamp() + seconds })));
    let mut socket = Socket::open(gateway.address).await;
    // Five seconds of leeway: this one has half a second left.
    let millis = 0.5 - 5.0;
    let expiring = token(&json!({ "sub": "c", "exp": now().timestamp() as f64 + millis }));
    socket
        .send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {expiring}") } }))
        .await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.subscribe("s", BADGES).await;
    socket.receive_badge().await;
    assert_eq!(socket.closed().await, (4403, "Forbidden: the token has expired".to_owned()));
    let mut late = Socket::open(gateway.address).await;
    late.send(json!({ "type": "connection_init", "payload": { "Authorization": bearer(-60) } })).await;
    assert_eq!(late.closed().await, (4403, "Forbidden: the token has expired".to_owned()));
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    let refused = Socket::open_with(gateway.address, &[protocol, ("authorization", &bearer(-60))]).await;
    assert!(refused.is_err(), "a bad token in the upgrade's headers is 401");
}

#[tokio::test]
async fn a_connection_runs_only_so_many_operations() {
    let mut config = config();
    config.subscriptions.max_operations_per_connection = 1;
    let gateway = TestGateway::start(config).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("1", "subscription { ticks { count } }").await;
    socket.subscribe("2", "{ shopName }").await;
    let error = socket.receive().await;
    assert_eq!(error["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS", "{error}");
}

#[tokio::test]
async fn shutdown_sends_clients_elsewhere() {
    let gateway = TestGateway::start(config()).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("s", BADGES).await;
    socket.receive_badge().await;
    gateway.shutdown.cancel();
    assert_eq!(socket.closed().await.0, 1001);
    gateway.served.await.unwrap().unwrap();
    assert_eq!(gateway.script.live(), 0);
}

#[tokio::test]
async fn connections_close_one_after_the_other_and_are_served_until_then() {
    let mut config = config();
    config.subscriptions.drain_ms = 1_500;
    let gateway = TestGateway::start(config).await;
    let mut sockets = Vec::new();
    for _ in 0..30 {
        let mut socket = Socket::ready(gateway.address).await;
        socket.subscribe("s", BADGES).await;
        socket.receive_badge().await;
        socket.receive_badge().await;
        sockets.push(socket);
    }
    let begun = tokio::time::Instant::now();
    gateway.shutdown.cancel();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    gateway.script.send_badge("A", 77);
    let closing = sockets.into_iter().map(|mut socket| async move {
        let (mut news, mut code) = (0, 0);
        while code == 0 {
            match socket.receive_or_close().await {
                Ok(message) => news += usize::from(message["payload"]["data"]["badges"]["available"] == 77),
                Err((closed, _)) => code = closed,
            }
        }
        assert_eq!(code, 1001);
        (begun.elapsed().as_millis(), news)
    });
    let closed = futures::future::join_all(closing).await;
    assert!(closed.iter().map(|(_, news)| news).sum::<usize>() > 10, "deltas flow until the close: {closed:?}");
    let early = closed.iter().filter(|(after, _)| *after < 750).count();
    assert!((4..=26).contains(&early), "spread over the time: {closed:?}");
    gateway.served.await.unwrap().unwrap();
}
