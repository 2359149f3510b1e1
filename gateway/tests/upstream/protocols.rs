//! Subgraphs that serve subscriptions elsewhere, or in another protocol.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures::StreamExt;
use http::{StatusCode, header::ACCEPT};
use selvedge_gateway::{
    config::{HttpVersion, SubgraphConfig, SubscriptionProtocol},
    subgraph::{SubgraphBody, TransportError},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::broadcast};
use tokio_stream::wrappers::BroadcastStream;

use crate::upstream_support::{
    BODY, LiveSubgraph, Manners, config, end, eventually, item, next, open, subscription, transport,
};

#[tokio::test]
async fn the_older_websocket_protocol_is_spoken() {
    let manners = Manners { subprotocol: "graphql-ws", ..Manners::default() };
    let subgraph = LiveSubgraph::start_with(manners).await;
    let config = config(|config| config.protocol = SubscriptionProtocol::GraphqlWs);
    let transport = transport(&subgraph.url(), &config);
    let mut streams = Vec::new();
    for _ in 0..50 {
        let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
        assert_eq!(next(&mut events).await, 0);
        streams.push(events);
    }
    assert_eq!((subgraph.open_sockets(), subgraph.operations()), (1, 50));
    subgraph.publish(1);
    for events in &mut streams {
        assert_eq!(next(events).await, 1);
    }
    drop(streams);
    eventually("all are stopped", || subgraph.operations() == 0).await;
    let seen = subgraph.sockets();
    assert!(seen[0].lock().unwrap().started.iter().all(|message| message["type"] == "start"));
    eventually("the connection is closed", || subgraph.open_sockets() == 0).await;
}

#[tokio::test]
async fn the_older_protocol_refuses_in_its_own_way() {
    use tokio_tungstenite::tungstenite::Message;
    let refusal = vec![Message::text("{\"type\":\"connection_error\",\"payload\":{\"message\":\"who?\"}}")];
    let manners = Manners { subprotocol: "graphql-ws", instead_of_ack: Some(refusal), ..Manners::default() };
    let subgraph = LiveSubgraph::start_with(manners).await;
    let config = config(|config| config.protocol = SubscriptionProtocol::GraphqlWs);
    let error = open(&transport(&subgraph.url(), &config), subscription(None, BODY)).await.err().unwrap();
    assert_eq!((error.code(), error.reason()), ("SUBGRAPH_REFUSED", Some("connection_error {\"message\":\"who?\"}")));
}

#[tokio::test]
async fn subscriptions_may_be_served_at_another_address() {
    let subgraph = LiveSubgraph::start().await;
    let config = config(|config| config.url = Some(format!("ws://{}/live", subgraph.address)));
    let transport = transport("http://127.0.0.1:1/graphql", &config);
    let mut events = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(next(&mut events).await, 0);
}

/// A subgraph that answers subscriptions over HTTP.
#[derive(Clone)]
struct Streaming {
    form: SubscriptionProtocol,
    values: broadcast::Sender<u64>,
    requests: Arc<Mutex<Vec<(http::Version, http::HeaderMap, Value)>>>,
}

impl Streaming {
    /// Starts it; itself and the configuration and address that lead to it.
    async fn start(form: SubscriptionProtocol) -> (Self, SubgraphConfig, String) {
        let streaming = Self { form, values: broadcast::channel(100).0, requests: Arc::default() };
        let router = Router::new().route("/live", post(answer)).with_state(streaming.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let config = config(|config| (config.protocol, config.path) = (form, Some("/live".to_owned())));
        (streaming, config, url)
    }

    fn head(&self) -> (&'static str, &'static str) {
        match self.form {
            SubscriptionProtocol::Sse => ("text/event-stream", ":\n\n"),
            _ => ("multipart/mixed; boundary=graphql; subscriptionSpec=1.0", "--graphql"),
        }
    }

    fn event(&self, value: u64) -> String {
        let response = json!({ "data": { "n": value } });
        match self.form {
            SubscriptionProtocol::Sse => format!("event: next\ndata: {response}\n\n:\n\n"),
            _ => format!("\r\nContent-Type: application/json\r\n\r\n{}\r\n--graphql", json!({ "payload": response })),
        }
    }

    const fn end(&self) -> &'static str {
        match self.form {
            SubscriptionProtocol::Sse => "event: complete\ndata:\n\n",
            _ => "--\r\n",
        }
    }
}

/// Values; 99 ends the subscription, 100 only the answer.
async fn answer(State(streaming): State<Streaming>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body: Value = serde_json::from_slice(&axum::body::to_bytes(body, 10_000).await.unwrap()).unwrap();
    streaming.requests.lock().unwrap().push((head.version, head.headers, body.clone()));
    if body.to_string().contains("wrong") {
        let errors = json!({ "errors": [{ "message": "no such field" }] });
        return (StatusCode::BAD_REQUEST, [("content-type", "application/json")], errors.to_string()).into_response();
    }
    let (content_type, first) = streaming.head();
    let first = format!("{first}{}", streaming.event(0));
    let values = BroadcastStream::new(streaming.values.subscribe()).map(Result::unwrap);
    let rest = values.take_while(|value| std::future::ready(*value != 100)).scan(false, move |has_ended, value| {
        let text = if *has_ended {
            None
        } else if value == 99 {
            *has_ended = true;
            Some(streaming.end().to_owned())
        } else {
            Some(streaming.event(value))
        };
        std::future::ready(text)
    });
    let chunks = futures::stream::iter([first]).chain(rest).map(|text| Ok::<_, std::io::Error>(Bytes::from(text)));
    ([("content-type", content_type)], Body::from_stream(chunks)).into_response()
}

async fn a_subscription_over_http(form: SubscriptionProtocol, accepted: &str) {
    let (streaming, mut config, url) = Streaming::start(form).await;
    for version in [HttpVersion::Http1, HttpVersion::Http2] {
        config.http_version = version;
        let transport = transport(&url, &config);
        let mut first = open(&transport, subscription(Some("ann"), BODY)).await.unwrap();
        let mut second = open(&transport, subscription(Some("ann"), BODY)).await.unwrap();
        assert_eq!((next(&mut first).await, next(&mut second).await), (0, 0));
        for value in 1..=3 {
            streaming.values.send(value).unwrap();
            assert_eq!((next(&mut first).await, next(&mut second).await), (value, value));
        }
        // Who leaves ends the request.
        drop(first);
        eventually("the request has ended", || streaming.values.receiver_count() == 1).await;
        streaming.values.send(99).unwrap();
        assert!(item(&mut second).await.is_none());

        let mut cut = open(&transport, subscription(None, BODY)).await.unwrap();
        assert_eq!(next(&mut cut).await, 0);
        streaming.values.send(100).unwrap();
        assert_eq!(end(&mut cut).await.unwrap().code(), "SUBGRAPH_INTERRUPTED");
    }
    let requests = streaming.requests.lock().unwrap();
    let (version, headers, body) = &requests[0];
    assert_eq!((*version, &headers[ACCEPT]), (http::Version::HTTP_11, &accepted.parse().unwrap()));
    assert!(headers["x-selvedge-identity"].to_str().unwrap().starts_with("ann."));
    assert_eq!(body["query"], "subscription { n }");
    assert_eq!(requests.last().unwrap().0, http::Version::HTTP_2);
}

#[tokio::test]
async fn server_sent_events_are_read() {
    a_subscription_over_http(SubscriptionProtocol::Sse, "text/event-stream").await;
}

#[tokio::test]
async fn multipart_answers_are_read() {
    let accepted = "multipart/mixed;subscriptionSpec=\"1.0\", application/json;q=0.9";
    a_subscription_over_http(SubscriptionProtocol::Multipart, accepted).await;
}

#[tokio::test]
async fn an_answer_that_does_not_go_on_says_why() {
    let (_streaming, config, url) = Streaming::start(SubscriptionProtocol::Sse).await;
    let transport = transport(&url, &config);
    let response = transport.call(subscription(None, "{\"query\":\"subscription { wrong }\"}")).await.unwrap();
    let SubgraphBody::Complete(body) = response.body else { panic!("it goes on") };
    assert!(String::from_utf8_lossy(&body).contains("no such field"));

    let nowhere = format!("{}/nowhere", url.trim_end_matches("/graphql"));
    let mut elsewhere = config.clone();
    elsewhere.subscription.path = None;
    let error = open(&crate::upstream_support::transport(&nowhere, &elsewhere), subscription(None, BODY)).await;
    assert!(matches!(error.err().unwrap(), TransportError::Status { status: 404, .. }));
}
