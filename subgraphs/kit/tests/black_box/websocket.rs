//! A subgraph over WebSocket: graphql-transport-ws.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::{SinkExt, StreamExt};
use selvedge_kit::{
    clock::ManualClock,
    identity::{IDENTITY_HEADER, IdentitySigner},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::{
    server::serve,
    support::{SECRET, server, server_by, token, token_by},
};

const SOON: Duration = Duration::from_secs(5);

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(address: SocketAddr, identity: Option<&str>) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        if let Some(identity) = identity {
            request.headers_mut().insert(IDENTITY_HEADER, identity.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// Connected and acknowledged.
    async fn ready(address: SocketAddr) -> Self {
        let mut client = Self::connect(address, Some(&token("customer-7"))).await.unwrap();
        client.send(json!({"type": "connection_init"})).await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        client
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": query}})).await;
    }

    async fn message(&mut self) -> Message {
        loop {
            match timeout(SOON, self.0.next()).await.expect("nothing came").expect("closed").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    async fn receive(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no text came: {other:?}"),
        }
    }

    /// The close code, after whatever else was on its way.
    async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_gives_its_values_and_completes() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    client.subscribe("a", "subscription { count(to: 2) }").await;
    assert_eq!(client.receive().await, json!({"id": "a", "type": "next", "payload": {"data": {"count": 1}}}));
    assert_eq!(client.receive().await, json!({"id": "a", "type": "next", "payload": {"data": {"count": 2}}}));
    assert_eq!(client.receive().await, json!({"id": "a", "type": "complete"}));
    client.subscribe("a", "{ subject }").await;
    assert_eq!(
        client.receive().await,
        json!({"id": "a", "type": "next", "payload": {"data": {"subject": "customer-7"}}})
    );
    assert_eq!(client.receive().await, json!({"id": "a", "type": "complete"}));
}

#[tokio::test]
async fn a_document_that_is_not_valid_is_an_error_and_ends_the_operation() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    client.subscribe("a", "subscription { nothing }").await;
    let error = client.receive().await;
    assert_eq!((&error["id"], &error["type"]), (&json!("a"), &json!("error")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    client.subscribe("a", "{ broken }").await;
    let next = client.receive().await;
    assert_eq!(next["type"], "next");
    assert_eq!(next["payload"]["errors"][0]["message"], "internal error");
}

#[tokio::test]
async fn the_identity_may_come_with_the_first_message() {
    let served = serve(server()).await;
    let mut client = Client::connect(served.address, None).await.unwrap();
    client.send(json!({"type": "connection_init", "payload": {"identity": token("customer-9")}})).await;
    assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
    client.subscribe("a", "subscription { forever }").await;
    assert_eq!(client.receive().await["payload"], json!({"data": {"forever": "customer-9"}}));
}

#[tokio::test]
async fn without_an_identity_there_is_no_connection() {
    let served = serve(server()).await;
    match Client::connect(served.address, Some("nonsense")).await.err().unwrap() {
        Error::Http(response) => assert_eq!(response.status(), 401),
        other => panic!("{other}"),
    }
    for payload in [json!(null), json!({}), json!({"identity": "nonsense"})] {
        let mut client = Client::connect(served.address, None).await.unwrap();
        client.send(json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(client.close_code().await, 4403);
    }
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_with_its_code() {
    let served = serve(server()).await;
    let mut early = Client::connect(served.address, Some(&token("x"))).await.unwrap();
    early.subscribe("a", "{ subject }").await;
    assert_eq!(early.close_code().await, 4401);

    let mut twice = Client::ready(served.address).await;
    twice.send(json!({"type": "connection_init"})).await;
    assert_eq!(twice.close_code().await, 4429);

    let mut same_id = Client::ready(served.address).await;
    same_id.subscribe("a", "subscription { forever }").await;
    same_id.subscribe("a", "subscription { forever }").await;
    assert_eq!(same_id.close_code().await, 4409);

    let mut unknown = Client::ready(served.address).await;
    unknown.send(json!({"type": "start"})).await;
    assert_eq!(unknown.close_code().await, 4400);
}

#[tokio::test]
async fn completing_ends_the_operation_and_frees_its_id() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    client.subscribe("a", "subscription { forever }").await;
    client.receive().await;
    client.send(json!({"id": "a", "type": "complete"})).await;
    client.subscribe("a", "subscription { count(to: 1) }").await;
    let payload = loop {
        let message = client.receive().await;
        if message["payload"]["data"]["forever"].is_null() {
            break message;
        }
    };
    assert_eq!(payload, json!({"id": "a", "type": "next", "payload": {"data": {"count": 1}}}));
    assert_eq!(client.receive().await, json!({"id": "a", "type": "complete"}));
    assert!(timeout(Duration::from_millis(100), client.message()).await.is_err(), "it is quiet");
}

#[tokio::test]
async fn pings_are_answered() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    client.send(json!({"type": "ping", "payload": {"n": 1}})).await;
    assert_eq!(client.receive().await, json!({"type": "pong", "payload": {"n": 1}}));
    client.send(json!({"type": "pong"})).await;
    client.send(json!({"type": "ping"})).await;
    assert_eq!(client.receive().await, json!({"type": "pong"}));
}

/// Lets the time of the connection pass, up to where it looks whether it may go on.
async fn look_around() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(16)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_connection_ends_with_its_identity_unless_a_fresh_one_of_the_same_caller_came() {
    let clock = Arc::new(ManualClock::starting_at(chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap()));
    let signer = IdentitySigner::new(SECRET, clock.clone()).unwrap();
    let served = serve(server_by(&clock)).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(served.address, Some(&token_by(&signer, "customer-7"))).await.unwrap();
        client.send(json!({"type": "connection_init"})).await;
        assert_eq!(client.receive().await, json!({"type": "connection_ack"}));
        clients.push(client);
    }
    let [mut renewed, mut forgotten] = <[Client; 2]>::try_from(clients).ok().unwrap();
    clock.advance(chrono::TimeDelta::seconds(60));
    renewed.send(json!({"type": "ping", "payload": {"identity": token_by(&signer, "customer-7")}})).await;
    assert_eq!(renewed.receive().await, json!({"type": "pong"}));
    clock.advance(chrono::TimeDelta::seconds(10));
    look_around().await;
    assert_eq!(forgotten.close_code().await, 4403);
    renewed.subscribe("a", "subscription { count(to: 1) }").await;
    assert_eq!(renewed.receive().await["payload"], json!({"data": {"count": 1}}));
    assert_eq!(renewed.receive().await["type"], "complete");
    renewed.send(json!({"type": "ping", "payload": {"identity": token_by(&signer, "customer-8")}})).await;
    assert_eq!(renewed.close_code().await, 4403);
}

#[tokio::test]
async fn an_operation_on_a_shared_connection_tells_its_own_correlation_id() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    for (extensions, told) in [
        (json!({"correlationId": "request-9"}), "request-9"),
        (json!({}), "c-42"),
        (json!({"correlationId": "not\nfit"}), "c-42"),
        (json!({"correlationId": 7}), "c-42"),
    ] {
        let payload = json!({"query": "subscription { correlation }", "extensions": extensions});
        client.send(json!({"id": "a", "type": "subscribe", "payload": payload})).await;
        assert_eq!(client.receive().await["payload"], json!({"data": {"correlation": told}}));
        assert_eq!(client.receive().await["type"], "complete");
    }
}

#[tokio::test]
async fn shutdown_closes_open_connections_with_1001() {
    let served = serve(server()).await;
    let mut client = Client::ready(served.address).await;
    client.subscribe("a", "subscription { forever }").await;
    client.receive().await;
    served.shutdown.cancel();
    assert_eq!(client.close_code().await, 1001);
    timeout(SOON, served.task).await.expect("the server did not stop").unwrap().unwrap();
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let served = serve(server()).await;
    let mut request = format!("ws://{}/graphql", served.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-ws".parse().unwrap());
    match connect_async(request).await.err().unwrap() {
        Error::Http(response) => assert_eq!(response.status(), 400),
        other => panic!("{other}"),
    }
}
