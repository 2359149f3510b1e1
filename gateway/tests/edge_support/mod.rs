//! A gateway on a real port over scripted subgraphs: `stock`, which has live badges, and `titles`, which knows more
//! about them.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of this, and tests may unwrap"
)]

pub mod socket;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use selvedge_gateway::{
    clock::{Clock, ManualClock},
    config::{Config, DEVELOPMENT_JWT_SECRET},
    operation::OperationKind,
    schema::{ServedSchema, SubgraphSdl, compose},
    server::Gateway,
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports, TransportError},
};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const STOCK: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { badge(sku: String!): Badge, pair: [Int!], slow: String }
    type Mutation { adjust(sku: String!, by: Int!): Badge }
    type Subscription { badges(skus: [String!]!): Badge! ticks: Tick! }
    type Badge @key(fields: "sku") { sku: String! available: Int! }
    type Tick { count: Int! }
"#;
const TITLES: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { shopName: String }
    type Badge @key(fields: "sku") { sku: String! title: String }
"#;

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn schema() -> Arc<ServedSchema> {
    let subgraph = |name: &str, sdl: &str| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: sdl.to_owned(),
    };
    let supergraph = compose(&[subgraph("stock", STOCK), subgraph("titles", TITLES)]).unwrap();
    Arc::new(ServedSchema::from_supergraph_sdl(&supergraph).unwrap())
}

/// What the scripted subgraphs saw, and what they say.
pub struct Script {
    /// Sent to every open subscription.
    pub events: broadcast::Sender<Value>,
    /// How many subscriptions were opened.
    pub opened: AtomicUsize,
    /// How many are open.
    pub live: Arc<AtomicUsize>,
    /// Units of the one badge that queries show.
    pub units: AtomicUsize,
    /// How many of the next subscriptions break at once.
    pub breaking: AtomicUsize,
    pub seen: Mutex<Vec<(String, HeaderMap, Value)>>,
}

struct Live(Arc<AtomicUsize>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Script {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            events: broadcast::channel(10_000).0,
            opened: AtomicUsize::default(),
            live: Arc::default(),
            units: AtomicUsize::new(7),
            breaking: AtomicUsize::default(),
            seen: Mutex::default(),
        })
    }

    pub fn send_badge(&self, sku: &str, available: i64) {
        let _ = self.events.send(badge(sku, available));
    }

    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    pub fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// The identity header of the last request to `subgraph`.
    pub fn last_headers(&self, subgraph: &str) -> HeaderMap {
        let seen = self.seen.lock().unwrap();
        seen.iter().rev().find(|(name, ..)| name == subgraph).map(|(_, headers, _)| headers.clone()).unwrap()
    }

    async fn answer(
        self: Arc<Self>,
        subgraph: &'static str,
        request: SubgraphRequest,
    ) -> Result<SubgraphResponse, TransportError> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        self.seen.lock().unwrap().push((subgraph.to_owned(), request.headers().into_owned(), body.clone()));
        if request.kind == OperationKind::Subscription {
            return self.subscribe(&body);
        }
        let query = body["query"].as_str().unwrap();
        if query.contains("slow") {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        let units = self.units.load(Ordering::SeqCst);
        Ok(SubgraphResponse::complete(Bytes::from(data(query, &body["variables"], units).to_string())))
    }

    fn subscribe(&self, body: &Value) -> Result<SubgraphResponse, TransportError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let broken = || TransportError::Interrupted { subgraph: "stock".to_owned(), reason: "scripted".to_owned() };
        if self.breaking.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(broken());
        }
        self.live.fetch_add(1, Ordering::SeqCst);
        let live = Live(Arc::clone(&self.live));
        let is_ticks = body["query"].as_str().unwrap().contains("ticks");
        let snapshot = if is_ticks { vec![] } else { vec![badge("A", 1), badge("B", 1)] };
        let events = tokio_stream::wrappers::BroadcastStream::new(self.events.subscribe());
        let events = futures::stream::iter(snapshot).chain(events.filter_map(|event| async { event.ok() }));
        let events = events.map(move |event| {
            let _held = &live;
            if event == json!("break") {
                return Err(TransportError::Interrupted { subgraph: "stock".to_owned(), reason: String::new() });
            }
            if event == json!("refuse") {
                return Err(TransportError::Refused { subgraph: "stock".to_owned(), reason: String::new() });
            }
            Ok(Bytes::from(json!({ "data": event }).to_string()))
        });
        Ok(SubgraphResponse::stream(events.boxed()))
    }
}

pub fn badge(sku: &str, available: i64) -> Value {
    json!({ "badges": { "__typename": "Badge", "sku": sku, "available": available } })
}

fn data(query: &str, variables: &Value, units: usize) -> Value {
    if query.contains("_entities") {
        let representations = variables["representations"].as_array().unwrap();
        let titles = representations.iter().map(|one| {
            json!({ "__typename": "Badge", "sku": one["sku"], "title": format!("Shirt {}", one["sku"].as_str().unwrap()) })
        });
        return json!({ "data": { "_entities": titles.collect::<Vec<_>>() } });
    }
    let badge = json!({ "__typename": "Badge", "sku": "A", "available": units });
    json!({ "data": { "badge": badge, "adjust": badge, "pair": [1, 2], "shopName": "Selvedge" } })
}

pub struct TestGateway {
    pub gateway: Gateway,
    pub address: SocketAddr,
    pub script: Arc<Script>,
    pub clock: Arc<ManualClock>,
    pub shutdown: CancellationToken,
    pub served: tokio::task::JoinHandle<std::io::Result<()>>,
}

pub fn config() -> Config {
    let mut config = Config::development();
    config.subscriptions.conflate.insert("badges".to_owned(), "sku".to_owned());
    config.subscriptions.upstream_backoff_ms = 1;
    config.subscriptions.drain_ms = 200;
    config
}

impl TestGateway {
    pub async fn start(config: Config) -> Self {
        let script = Script::new();
        let mut transports = SubgraphTransports::default();
        for name in ["stock", "titles"] {
            let script = Arc::clone(&script);
            let answer = move |request: SubgraphRequest| Arc::clone(&script).answer(name, request);
            transports = transports.with(name, tower::service_fn(answer));
        }
        let clock = Arc::new(ManualClock::starting_at(now()));
        let shared: Arc<dyn Clock> = clock.clone();
        let gateway = Gateway::builder(config, schema(), transports).clock(shared).build().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let (serving, token) = (gateway.clone(), shutdown.clone());
        let served = tokio::spawn(async move { serving.serve(listener, token).await });
        Self { gateway, address, script, clock, shutdown, served }
    }

    pub async fn send(&self, request: http::request::Builder, path: &str, body: &str) -> Response<String> {
        let uri = format!("http://{}{path}", self.address);
        let request = request.uri(uri).body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (parts, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
    }

    /// An answer that goes on; see [`Streamed`].
    pub async fn stream(&self, request: http::request::Builder, path: &str, body: &str) -> Streamed {
        let uri = format!("http://{}{path}", self.address);
        let request = request.uri(uri).body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        Streamed { head, body: Some(body), text: String::new() }
    }

    pub async fn post(&self, body: &str) -> Response<String> {
        self.send(post(), "/graphql", body).await
    }

    /// Posts `query` and expects 200.
    pub async fn query(&self, query: &str) -> Value {
        let response = self.post(&json!({ "query": query }).to_string()).await;
        assert_eq!(response.status(), StatusCode::OK, "{}", response.body());
        serde_json::from_str(response.body()).unwrap()
    }
}

/// An answer that is read while it comes.
pub struct Streamed {
    pub head: http::response::Parts,
    body: Option<hyper::body::Incoming>,
    text: String,
}

impl Streamed {
    /// Takes what comes up to `mark`, which is taken too.
    pub async fn until(&mut self, mark: &str) -> String {
        loop {
            if let Some(at) = self.text.find(mark) {
                let rest = self.text.split_off(at + mark.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let frame = tokio::time::timeout(Duration::from_secs(5), self.body.as_mut().unwrap().frame());
            let frame = frame.await.unwrap_or_else(|_| panic!("no {mark:?} within 5 s after {:?}", self.text));
            let frame = frame.unwrap_or_else(|| panic!("no {mark:?} before the end, after {:?}", self.text)).unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// Takes all that comes until the end.
    pub async fn rest(&mut self) -> String {
        let body = self.body.take().unwrap().collect();
        let body = tokio::time::timeout(Duration::from_secs(5), body).await.expect("an end within 5 s").unwrap();
        std::mem::take(&mut self.text) + std::str::from_utf8(&body.to_bytes()).unwrap()
    }
}

pub fn post() -> http::request::Builder {
    Request::post("/").header("content-type", "application/json").header("accept", "application/json")
}

/// The code of the first error.
pub fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("not JSON: {body}"));
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {body}")).to_owned()
}

pub fn token(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(DEVELOPMENT_JWT_SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

/// Waits until `condition` holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen within 5 s");
}
