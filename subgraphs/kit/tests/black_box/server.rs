//! A subgraph over HTTP.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode};
use selvedge_kit::{
    clock::SystemClock,
    identity::{IDENTITY_HEADER, IdentityVerifier},
    server::{Readiness, SubgraphServer},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{SECRET, server, subgraph, token};

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<std::io::Result<()>>,
}

pub(crate) async fn serve(server: SubgraphServer) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
    let task = tokio::spawn(server.serve(listener, shutdown.clone()));
    Served { address, shutdown, task }
}

impl Served {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        let request = Client::new().post(self.url("/graphql")).header(IDENTITY_HEADER, token("customer-7"));
        let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn a_query_sees_its_caller_and_names_its_correlation() {
    let served = serve(server()).await;
    let request = Client::new().post(served.url("/graphql")).header(IDENTITY_HEADER, token("customer-7"));
    let body = json!({"query": "query Q($t: String!) { subject scopes echo(text: $t) }", "variables": {"t": "hi"}});
    let response = request.json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-correlation-id"], "c-42");
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer, json!({"data": {"subject": "customer-7", "scopes": ["inventory:read"], "echo": "hi"}}));
}

#[tokio::test]
async fn nobody_is_answered_without_an_identity() {
    let served = serve(server()).await;
    for (header, message) in [
        (None, "the request carries no identity; only the gateway and other subgraphs may call this address"),
        (Some("nonsense"), "the identity is not valid: it is not a token"),
    ] {
        for path in ["/graphql", "/sdl"] {
            let client = Client::new();
            let request = if path == "/sdl" { client.get(served.url(path)) } else { client.post(served.url(path)) };
            let request = request.body(r#"{"query":"{ subject }"}"#).header("content-type", "application/json");
            let request = header.into_iter().fold(request, |request, value| request.header(IDENTITY_HEADER, value));
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401);
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer, json!({"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}));
        }
    }
}

#[tokio::test]
async fn requests_at_fault_get_clear_answers() {
    let served = serve(server()).await;
    let (status, answer) = served.post("{").await;
    assert_eq!((status.as_u16(), answer["errors"][0]["extensions"]["code"].as_str()), (400, Some("BAD_REQUEST")));
    let (status, answer) = served.post(vec![b' '; 2 * 1024 * 1024 + 1]).await;
    assert_eq!(status, 413, "{answer}");
    assert_eq!(answer["errors"][0]["message"], "the body is larger than 2097152 bytes");
    let (status, answer) = served.post(r#"{"query":"{ nothing }"}"#).await;
    assert_eq!(
        (status.as_u16(), answer["errors"][0]["extensions"]["code"].as_str()),
        (200, Some("GRAPHQL_VALIDATION_FAILED"))
    );
    let get = Client::new().get(served.url("/graphql")).header(IDENTITY_HEADER, token("x")).send().await.unwrap();
    assert_eq!(get.status(), 405);
}

#[tokio::test]
async fn the_newer_media_type_says_by_its_status_that_the_request_was_at_fault() {
    let served = serve(server()).await;
    let mut statuses = Vec::new();
    for query in ["{ nothing }", "{ broken subject }"] {
        let request = Client::new().post(served.url("/graphql")).header(IDENTITY_HEADER, token("x"));
        let request = request.header("accept", "application/graphql-response+json").json(&json!({"query": query}));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/graphql-response+json");
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [400, 200]);
}

#[tokio::test]
async fn internal_errors_are_masked_and_others_are_not() {
    let served = serve(server()).await;
    let (_, answer) = served.post(r#"{"query":"{ broken missing }"}"#).await;
    assert_eq!(answer["data"], json!({"broken": null, "missing": null}));
    let error =
        |path: &str| answer["errors"].as_array().unwrap().iter().find(|e| e["path"][0] == path).unwrap().clone();
    assert_eq!(error("broken")["message"], "internal error");
    assert_eq!(error("broken")["extensions"], json!({"code": "INTERNAL_SERVER_ERROR", "correlationId": "c-42"}));
    assert_eq!(error("missing")["message"], "no such product");
    assert!(!answer.to_string().contains("hunter2"));
}

#[tokio::test]
async fn health_tells_the_truth() {
    let readiness = Readiness::default();
    let verifier = IdentityVerifier::new(SECRET, std::sync::Arc::new(SystemClock)).unwrap();
    let served = serve(SubgraphServer::new(subgraph(readiness.clone()), verifier)).await;
    let get = async |path: &str| {
        let response = reqwest::get(served.url(path)).await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    assert_eq!(get("/health/ready").await, (200, json!({"status": "ready"})));
    readiness.set("database", Err("connection refused".into()));
    let failures = json!([{"name": "database", "reason": "connection refused"}]);
    assert_eq!(get("/health/ready").await, (503, json!({"status": "not ready", "failures": failures})));
    assert_eq!(get("/health/live").await.0, 200);
    readiness.set("database", Ok(()));
    assert_eq!(get("/health/ready").await.0, 200);
}

#[tokio::test]
async fn the_sdl_is_for_callers_with_an_identity() {
    let served = serve(server()).await;
    let response = Client::new().get(served.url("/sdl")).header(IDENTITY_HEADER, token("x")).send().await.unwrap();
    assert!(response.text().await.unwrap().contains("type Query {"));
}

#[tokio::test]
async fn shutdown_finishes_what_is_in_flight() {
    let served = serve(server()).await;
    let (url, shutdown) = (served.url("/graphql"), served.shutdown.clone());
    let asking = tokio::spawn(async move {
        let request = Client::new().post(url).header(IDENTITY_HEADER, token("x"));
        request.json(&json!({"query": "{ slow(ms: 300) }"})).send().await.unwrap().json::<Value>().await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    assert_eq!(asking.await.unwrap(), json!({"data": {"slow": 300}}));
    timeout(Duration::from_secs(5), served.task).await.expect("the server did not stop").unwrap().unwrap();
    assert!(reqwest::get(format!("http://{}/health/live", served.address)).await.is_err());
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static(IDENTITY_HEADER),
        HeaderValue::from_str(&token("customer-7")).unwrap(),
    )])
}

#[tokio::test]
async fn without_a_socket_it_answers_the_same() {
    let body = Bytes::from_static(br#"{"query":"{ subject }"}"#);
    let response = server().call(&headers(), body.clone()).await;
    assert_eq!(response.body().as_ref(), br#"{"data":{"subject":"customer-7"}}"#);
    assert_eq!(server().call(&HeaderMap::new(), body).await.status(), 401);
}

#[tokio::test]
async fn without_a_socket_a_subscription_is_a_stream() {
    let server = server();
    let body = Bytes::from_static(br#"{"query":"subscription { count(to: 3) }"}"#);
    assert_eq!(server.stream(&HeaderMap::new(), &body).err().unwrap().status(), 401);
    let answers: Vec<Bytes> = server.stream(&headers(), &body).unwrap().collect().await;
    assert_eq!(answers, [&br#"{"data":{"count":1}}"#[..], br#"{"data":{"count":2}}"#, br#"{"data":{"count":3}}"#]);
}
