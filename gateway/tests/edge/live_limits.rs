//! What there may be only so much of, and how clients are told.

use http::{Request, StatusCode};
use selvedge_gateway::config::Config;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::{
    counted::Counted,
    edge_support::{TestGateway, code, config, eventually, now, post, socket::Socket, token},
};

const TICKS: &str = "subscription { ticks { count } }";
const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

fn limited(limit: impl FnOnce(&mut Config)) -> Config {
    let mut config = config();
    limit(&mut config);
    config
}

fn bearer(subject: &str) -> String {
    format!("Bearer {}", token(&json!({ "sub": subject, "exp": now().timestamp() + 60 })))
}

/// Status, code and whether the client is told when to come again.
async fn refused(gateway: &TestGateway, headers: &[(&'static str, &str)]) -> (StatusCode, String, bool) {
    match Socket::open_with(gateway.address, headers).await {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            (
                response.status(),
                code(std::str::from_utf8(&body).unwrap()),
                response.headers().contains_key("retry-after"),
            )
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
}

fn events() -> http::request::Builder {
    Request::post("/").header("content-type", "application/json").header("accept", "text/event-stream")
}

#[tokio::test]
async fn connections_in_all_and_from_one_address() {
    let gateway = TestGateway::start(limited(|config| config.subscriptions.max_connections = 1)).await;
    let held = Socket::ready(gateway.address).await;
    let full = (StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_CONNECTIONS".to_owned(), true);
    assert_eq!(refused(&gateway, &[PROTOCOL]).await, full);
    let streamed = gateway.send(events(), "/graphql", &json!({ "query": TICKS }).to_string()).await;
    assert_eq!((streamed.status(), code(streamed.body())), (full.0, full.1));
    assert_eq!(gateway.script.opened(), 0, "nothing is asked upstream");
    drop(held);
    let address = gateway.address;
    for attempt in 0.. {
        match Socket::open_with(address, &[PROTOCOL]).await {
            Ok(_) => break,
            Err(error) if attempt == 100 => panic!("what ends makes room: {error}"),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
    let gateway =
        TestGateway::start(limited(|config| config.subscriptions.max_connections_per_address = Some(1))).await;
    let _held = Socket::ready(gateway.address).await;
    let mine = (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_CONNECTIONS_FROM_ADDRESS".to_owned(), true);
    assert_eq!(refused(&gateway, &[PROTOCOL]).await, mine);
}

#[tokio::test]
async fn connections_of_one_user_by_header_and_by_init() {
    let gateway = TestGateway::start(limited(|config| config.subscriptions.max_connections_per_user = Some(1))).await;
    let (ann, bob) = (bearer("ann"), bearer("bob"));
    let _held = Socket::open_with(gateway.address, &[PROTOCOL, ("authorization", &ann)]).await.unwrap();
    let mine = (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_CONNECTIONS_OF_USER".to_owned(), true);
    assert_eq!(refused(&gateway, &[PROTOCOL, ("authorization", &ann)]).await, mine);
    let mut late = Socket::open(gateway.address).await;
    late.send(json!({ "type": "connection_init", "payload": { "authorization": ann } })).await;
    let why = "TOO_MANY_CONNECTIONS_OF_USER: at most 1 live connections of one user (`subscriptions.max_connections_per_user`)";
    assert_eq!(late.closed().await, (1013, why.to_owned()));
    let mut other = Socket::open(gateway.address).await;
    other.send(json!({ "type": "connection_init", "payload": { "authorization": bob } })).await;
    assert_eq!(other.receive().await["type"], "connection_ack");
}

async fn codes_of_two(gateway: &TestGateway, authorization: Option<&str>) -> Value {
    let mut socket = Socket::open(gateway.address).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.subscribe("1", TICKS).await;
    eventually("the first", || gateway.script.live() == 1).await;
    socket.subscribe("2", TICKS).await;
    let error = socket.receive().await;
    assert_eq!((&error["id"], &error["type"]), (&json!("2"), &json!("error")), "{error}");
    let request = authorization.into_iter().fold(events(), |request, token| request.header("authorization", token));
    let streamed = gateway.send(request, "/graphql", &json!({ "query": TICKS }).to_string()).await;
    assert_eq!(json!(code(streamed.body())), error["payload"][0]["extensions"]["code"]);
    assert!(streamed.headers().contains_key("retry-after"));
    socket.send(json!({ "id": "1", "type": "complete" })).await;
    eventually("the first one's end", || gateway.script.live() == 0).await;
    socket.subscribe("2", TICKS).await;
    eventually("the second", || gateway.script.live() == 1).await;
    error["payload"][0]["extensions"]["code"].clone()
}

#[tokio::test]
async fn subscriptions_in_all_of_one_user_and_from_one_address() {
    let gateway = TestGateway::start(limited(|config| config.subscriptions.max_subscriptions = 1)).await;
    assert_eq!(codes_of_two(&gateway, None).await, "TOO_MANY_SUBSCRIPTIONS");
    let gateway = TestGateway::start(limited(|config| config.subscriptions.max_subscriptions_per_user = Some(1))).await;
    assert_eq!(codes_of_two(&gateway, Some(&bearer("ann"))).await, "TOO_MANY_SUBSCRIPTIONS_OF_USER");
    let gateway =
        TestGateway::start(limited(|config| config.subscriptions.max_subscriptions_per_address = Some(1))).await;
    assert_eq!(codes_of_two(&gateway, None).await, "TOO_MANY_SUBSCRIPTIONS_FROM_ADDRESS");
}

#[tokio::test]
async fn operations_of_one_connection_are_told_and_counted() {
    let counted = Counted::default();
    let _recording = metrics::set_default_local_recorder(&counted);
    let refused = || counted.get("selvedge_live_refused_total", ("limit", "TOO_MANY_OPERATIONS"));
    let gateway = TestGateway::start(limited(|config| config.subscriptions.max_operations_per_connection = 1)).await;
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("1", TICKS).await;
    socket.subscribe("2", TICKS).await;
    let error = socket.receive().await["payload"][0].clone();
    assert_eq!(error["extensions"]["code"], "TOO_MANY_OPERATIONS");
    assert!(error["message"].as_str().unwrap().contains("`subscriptions.max_operations_per_connection`"), "{error}");
    assert_eq!(refused(), 1);
    let reserved = gateway.send(Request::put("/"), "/graphql/stream", "").await.into_body();
    let start = async |id: &str| {
        let body = json!({ "query": TICKS, "extensions": { "operationId": id } }).to_string();
        let request = post().header("x-graphql-event-stream-token", &reserved);
        gateway.send(request, "/graphql/stream", &body).await
    };
    assert_eq!(start("1").await.status(), StatusCode::ACCEPTED);
    let second = start("2").await;
    assert_eq!((second.status(), code(second.body())), (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_OPERATIONS".into()));
    assert!(second.headers().contains_key("retry-after"));
    assert_eq!(refused(), 2);
}
