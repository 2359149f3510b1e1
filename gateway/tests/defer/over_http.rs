//! Parts over HTTP: when they arrive, in which form, and what ends them.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use selvedge_gateway::{
    config::Config,
    operation::DeferForm,
    server::Gateway,
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports, TransportError},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    defer_support::client::merge,
    edge_support::{config, eventually, schema, socket::Socket},
};

const QUERY: &str = r#"{ badge(sku: "A") { available ... @defer(label: "later") { title } } }"#;
const OLDER: &str = "multipart/mixed;deferSpec=20220824,application/json";
const NEWER: &str = "multipart/mixed;incrementalSpec=v0.2,application/json";

/// A gateway whose subgraph `titles` answers when the test lets it.
struct Held {
    address: SocketAddr,
    titles: Arc<Semaphore>,
    /// Requests to `titles` under way.
    waiting: Arc<AtomicUsize>,
    _server: tokio::task::JoinHandle<std::io::Result<()>>,
}

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Held {
    async fn start(config: Config) -> Self {
        let (titles, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let stock = tower::service_fn(|_: SubgraphRequest| async {
            let data = json!({ "data": { "badge": { "__typename": "Badge", "sku": "A", "available": 7 } } });
            Ok::<_, TransportError>(SubgraphResponse::complete(Bytes::from(data.to_string())))
        });
        let (gate, count) = (Arc::clone(&titles), Arc::clone(&waiting));
        let held = tower::service_fn(move |_: SubgraphRequest| {
            let (gate, count) = (Arc::clone(&gate), Arc::clone(&count));
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                let _waiting = Waiting(count);
                gate.acquire().await.unwrap().forget();
                let data = json!({ "data": { "_entities": [{ "title": "Shirt A" }] } });
                Ok::<_, TransportError>(SubgraphResponse::complete(Bytes::from(data.to_string())))
            }
        });
        let transports = SubgraphTransports::default().with("stock", stock).with("titles", held);
        let gateway = Gateway::builder(config, schema(), transports).build().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { gateway.serve(listener, CancellationToken::new()).await });
        Self { address, titles, waiting, _server: server }
    }

    async fn post(&self, accept: &str, http2: bool) -> (HeaderMap, Parts) {
        self.ask(QUERY, accept, http2).await
    }

    async fn ask(&self, query: &str, accept: &str, http2: bool) -> (HeaderMap, Parts) {
        let request = Request::post(format!("http://{}/graphql", self.address))
            .header("content-type", "application/json")
            .header("accept-encoding", "gzip, br")
            .header("accept", accept)
            .body(Full::new(Bytes::from(json!({ "query": query }).to_string())))
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).http2_only(http2).build_http();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        (head.headers, Parts { body, read: String::new() })
    }
}

/// The parts of a body, read as they arrive.
struct Parts {
    body: Incoming,
    read: String,
}

impl Parts {
    /// The next part that is followed by a boundary; `None` behind the last.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let mut sections = self.read.splitn(3, "\r\n---");
            if let (Some(before), Some(part), Some(rest)) = (sections.next(), sections.next(), sections.next()) {
                assert_eq!(before, "");
                let json = part.strip_prefix("\r\ncontent-type: application/json; charset=utf-8\r\n\r\n").unwrap();
                let (json, rest) = (serde_json::from_str(json).unwrap(), format!("\r\n---{rest}"));
                self.read = rest;
                return Some(json);
            }
            let Some(frame) = self.body.frame().await else {
                assert_eq!(self.read, "\r\n-----\r\n");
                return None;
            };
            self.read.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn parts_arrive_one_by_one() {
    let gateway = Held::start(config()).await;
    for http2 in [false, true] {
        for (accept, form, content_type) in [
            (OLDER, DeferForm::Fragments, "multipart/mixed; boundary=\"-\"; deferSpec=20220824"),
            (NEWER, DeferForm::Pending, "multipart/mixed; boundary=\"-\"; incrementalSpec=v0.2"),
        ] {
            let (headers, mut body) = gateway.post(accept, http2).await;
            assert_eq!(headers["content-type"], content_type);
            assert_eq!(headers.get("content-encoding"), None);
            assert_eq!(headers.get("transfer-encoding").map(|it| it.to_str().unwrap()), (!http2).then_some("chunked"));
            let first = body.next().await.unwrap();
            assert_eq!(first["data"], json!({ "badge": { "available": 7 } }), "{first}");
            // The other part is under way, and only then may come.
            gateway.titles.add_permits(1);
            let second = body.next().await.unwrap();
            assert_eq!(body.next().await, None);
            let merged = merge(&[first, second], form);
            assert_eq!(merged.data, json!({ "badge": { "available": 7, "title": "Shirt A" } }));
        }
    }
}

#[tokio::test]
async fn who_accepts_no_parts_gets_the_whole() {
    let gateway = Held::start(config()).await;
    for accept in
        ["application/json", "*/*", "application/json, multipart/mixed;q=0.5", "multipart/mixed;deferSpec=1, */*"]
    {
        gateway.titles.add_permits(1);
        let (headers, parts) = gateway.post(accept, false).await;
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        let body = parts.body.collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"data":{"badge":{"available":7,"title":"Shirt A"}}}"#, "{accept}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_fetches_along() {
    let gateway = Held::start(config()).await;
    let (_, mut body) = gateway.post(NEWER, false).await;
    assert!(body.next().await.is_some());
    eventually("the deferred fetch", || gateway.waiting.load(Ordering::SeqCst) == 1).await;
    drop(body);
    eventually("the end of the deferred fetch", || gateway.waiting.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn the_request_s_time_holds_for_all_parts() {
    let mut config = config();
    config.server.request_timeout_ms = 300;
    let gateway = Held::start(config).await;
    let started = tokio::time::Instant::now();
    let (_, mut body) = gateway.post(NEWER, false).await;
    assert!(body.next().await.is_some());
    let last = body.next().await.unwrap();
    assert_eq!(last["incremental"][0]["data"], json!({ "title": null }));
    assert_eq!(last["incremental"][0]["errors"][0]["extensions"]["reason"], "SUBGRAPH_TIMEOUT", "{last}");
    assert_eq!(last["hasNext"], false);
    assert_eq!(body.next().await, None);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn there_is_a_limit() {
    let mut config = config();
    config.limits.max_deferred_parts = 1;
    let gateway = Held::start(config).await;
    let query = "{ badge(sku: \"A\") { ... @defer { available } ... @defer { title } } }";
    let (_, parts) = gateway.ask(query, "application/json", false).await;
    let body: Value = serde_json::from_slice(&parts.body.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(body["errors"][0]["message"], "The operation has more than 1 `@defer`s.");
}

#[tokio::test]
async fn sockets_get_the_whole() {
    let gateway = Held::start(config()).await;
    gateway.titles.add_permits(1);
    let mut socket = Socket::ready(gateway.address).await;
    socket.subscribe("1", QUERY).await;
    let next = socket.receive().await;
    assert_eq!(next["payload"], json!({ "data": { "badge": { "available": 7, "title": "Shirt A" } } }));
    assert_eq!(socket.receive().await["type"], "complete");
}
