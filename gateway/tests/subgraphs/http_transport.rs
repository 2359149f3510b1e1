//! The transports over HTTP and WebSocket, against servers that misbehave by script.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use selvedge_gateway::{
    config::SubgraphConfig,
    operation::OperationKind,
    subgraph::{
        CallContext, IDENTITY_HEADER, SubgraphBody, SubgraphRequest, SubgraphResponse, SubgraphTransports,
        TransportError, fetch_sdl, http_stack,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_tungstenite::tungstenite::{
    Message,
    handshake::server::{Request, Response},
    protocol::{CloseFrame, frame::coding::CloseCode},
};

/// Answers every request on every connection with `answer`, and counts connections.
async fn server(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    if socket.write_all(answer.as_bytes()).await.is_err() || answer.contains("connection: close") {
                        return;
                    }
                }
            });
        }
    });
    (url, connections)
}

fn request(kind: OperationKind) -> SubgraphRequest {
    let mut headers = HeaderMap::new();
    headers.insert(IDENTITY_HEADER, HeaderValue::from_static("signed"));
    let context = Arc::new(CallContext::of_gateway(headers));
    SubgraphRequest::new(kind, Bytes::from_static(br#"{"query":"{ a }"}"#), context)
}

fn transports(url: &str, config: &SubgraphConfig) -> SubgraphTransports {
    SubgraphTransports::default().with("inventory", http_stack("inventory", url, config).unwrap())
}

async fn call(url: &str, config: &SubgraphConfig, kind: OperationKind) -> Result<SubgraphResponse, TransportError> {
    transports(url, config).call("inventory", request(kind)).await
}

fn complete(response: SubgraphResponse) -> Bytes {
    let SubgraphBody::Complete(body) = response.body else { panic!("a whole answer") };
    body
}

async fn failure(answer: &'static str) -> TransportError {
    let config = SubgraphConfig { timeout_ms: 200, max_response_bytes: 64, ..SubgraphConfig::default() };
    let (url, _) = server(answer).await;
    call(&url, &config, OperationKind::Query).await.err().unwrap()
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"data\":{}} ";

#[tokio::test]
async fn connections_are_kept() {
    let (url, connections) = server(GOOD).await;
    let transports = transports(&url, &SubgraphConfig::default());
    for _ in 0..5 {
        let response = transports.call("inventory", request(OperationKind::Query)).await.unwrap();
        assert_eq!(complete(response), "{\"data\":{}} ");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_failure_names_the_subgraph_and_the_fact() {
    let cases = [
        ("", "subgraph `inventory` did not answer within 200 ms", "SUBGRAPH_TIMEOUT"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 60\r\n\r\n{",
            "subgraph `inventory` did not answer within 200 ms",
            "SUBGRAPH_TIMEOUT",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 50\r\n\r\n{",
            "subgraph `inventory` broke off its answer",
            "SUBGRAPH_INTERRUPTED",
        ),
        ("garbage\r\n\r\n", "subgraph `inventory` broke off its answer", "SUBGRAPH_INTERRUPTED"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 72\r\n\r\n{\"data\":\"0123456789012345678901234567890123456789012345678901234567890\"}",
            "subgraph `inventory` answered with more than 64 bytes",
            "SUBGRAPH_RESPONSE_TOO_LARGE",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
            "subgraph `inventory` answered with HTTP status 502",
            "SUBGRAPH_HTTP_ERROR",
        ),
    ];
    for (answer, message, code) in cases {
        let error = failure(answer).await;
        assert_eq!((error.to_string().as_str(), error.code()), (message, code), "{answer}");
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_the_address_stays_inside() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    drop(listener);
    let error = call(&url, &SubgraphConfig::default(), OperationKind::Mutation).await.err().unwrap();
    assert_eq!(error.to_string(), "subgraph `inventory` could not be reached");
    assert!(error.reason().is_some_and(|reason| !reason.is_empty()));
    let transports = transports(&url, &SubgraphConfig::default());
    let patience = Duration::from_millis(300);
    let sdl = fetch_sdl(&transports, "inventory", &HeaderMap::new(), patience).await.unwrap_err();
    assert_eq!(sdl.to_string(), "subgraph `inventory` could not be reached");
    let unknown = transports.call("nope", request(OperationKind::Query)).await.err().unwrap();
    assert_eq!(unknown.to_string(), "subgraph `nope` is not configured");
}

#[tokio::test]
async fn the_sdl_of_a_running_subgraph_can_be_asked_for() {
    let (url, _) = server(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 49\r\n\r\n{\"data\":{\"_service\":{\"sdl\":\"type Query{a:Int}\"}}}",
    )
    .await;
    let (bad_url, _) = server(GOOD).await;
    let ask = async |url: &str| {
        let transports = transports(url, &SubgraphConfig::default());
        fetch_sdl(&transports, "inventory", &HeaderMap::new(), Duration::from_secs(1)).await
    };
    assert!(ask(&bad_url).await.unwrap_err().to_string().starts_with("subgraph `inventory` did not tell its SDL"));
    assert_eq!(ask(&url).await.unwrap(), "type Query{a:Int}");
}

/// Accepts one WebSocket, checks `connection_init`, answers `subscribe` with `messages`, then closes with `close`.
async fn socket_server(messages: Vec<Value>, close: Option<u16>) -> (String, tokio::task::JoinHandle<Vec<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let seen = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let protocol = |request: &Request, mut response: Response| {
            assert_eq!(request.headers()[IDENTITY_HEADER], "signed");
            let wanted = request.headers()["sec-websocket-protocol"].clone();
            response.headers_mut().insert("sec-websocket-protocol", wanted);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(tcp, protocol).await.unwrap();
        let mut seen = Vec::new();
        for reply in [json!({ "type": "connection_ack" })].into_iter().chain([Value::Null]) {
            let Some(Ok(Message::Text(text))) = socket.next().await else { break };
            seen.push(serde_json::from_str(&text).unwrap());
            if !reply.is_null() {
                socket.send(Message::text(reply.to_string())).await.unwrap();
            }
        }
        for message in messages {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        if let Some(code) = close {
            let frame = CloseFrame { code: CloseCode::from(code), reason: "scripted".into() };
            socket.close(Some(frame)).await.unwrap();
        }
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                seen.push(serde_json::from_str(&text).unwrap());
            }
        }
        seen
    });
    (url, seen)
}

async fn events(url: &str) -> Vec<Result<Value, String>> {
    let response = call(url, &SubgraphConfig::default(), OperationKind::Subscription).await.unwrap();
    let SubgraphBody::Stream(events) = response.body else { panic!("a stream") };
    let read = events
        .map(|event| event.map(|bytes| serde_json::from_slice(&bytes).unwrap()).map_err(|error| error.to_string()));
    read.collect().await
}

#[tokio::test]
async fn a_subscription_runs_over_its_own_socket() {
    let next = |n: i64| json!({ "id": "1", "type": "next", "payload": { "data": { "n": n } } });
    let script = vec![next(1), json!({ "type": "ping" }), next(2), json!({ "id": "1", "type": "complete" })];
    let (url, seen) = socket_server(script, None).await;
    assert_eq!(events(&url).await, [Ok(json!({ "data": { "n": 1 } })), Ok(json!({ "data": { "n": 2 } }))]);
    assert_eq!(
        seen.await.unwrap(),
        [
            json!({ "type": "connection_init", "payload": { "identity": "signed" } }),
            json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ a }" } }),
            json!({ "type": "pong" }),
        ]
    );
}

#[tokio::test]
async fn broken_and_refused_subscriptions_say_which() {
    let next = json!({ "id": "1", "type": "next", "payload": { "data": 1 } });
    let (url, _seen) = socket_server(vec![next], Some(1011)).await;
    let broken = events(&url).await;
    assert_eq!(broken, [Ok(json!({ "data": 1 })), Err("subgraph `inventory` broke off its answer".to_owned())]);
    let (url, _seen) = socket_server(vec![], Some(4403)).await;
    assert_eq!(events(&url).await, [Err("subgraph `inventory` refused the subscription".to_owned())]);
    let failed = json!({ "id": "1", "type": "error", "payload": [{ "message": "no such field" }] });
    let (url, _seen) = socket_server(vec![failed], None).await;
    assert_eq!(events(&url).await, [Ok(json!({ "errors": [{ "message": "no such field" }] }))]);
    let (url, _) = server(GOOD).await;
    let refused = call(&url, &SubgraphConfig::default(), OperationKind::Subscription).await.err().unwrap();
    assert_eq!(refused.code(), "SUBGRAPH_REFUSED");
}
