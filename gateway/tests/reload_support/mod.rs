//! Subgraphs on real ports whose schema can be changed while they run, gateways that follow them, and a load that counts
//! what fails.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test file uses a part of this, and tests may unwrap"
)]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use graphql_tools::{
    parser::parse_query,
    static_graphql::query::{Definition, OperationDefinition, Selection, SelectionSet},
};
use selvedge_gateway::{
    clock::SystemClock,
    config::{Config, SchemaSubgraph},
    pipeline::Pipeline,
    reload::{Loaded, Reloader, SchemaStatus, source_of},
    request::GraphqlRequest,
    server::Gateway,
    subscribe::Caller,
};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])"#;

/// The subgraph `products`, with `more` fields on its type.
pub fn products_sdl(more: &str) -> String {
    format!(
        r#"{LINK} type Query {{ product: Product }} type Product @key(fields: "id") {{ id: ID! title: String {more} }}"#
    )
}

/// The subgraph `prices`, with `more` fields on its type.
pub fn prices_sdl(more: &str) -> String {
    format!(
        r#"{LINK} type Query {{ shop: String }} type Product @key(fields: "id") {{ id: ID! price: String {more} }}"#
    )
}

/// A subgraph that answers every field of its schema of the moment with `NAME.FIELD`.
pub struct Subgraph {
    pub name: &'static str,
    pub address: SocketAddr,
    pub sdl: Mutex<String>,
    /// What it says its schema is, where that is not what it serves.
    pub told: Mutex<Option<String>>,
    /// Answers with 503 while set.
    pub is_down: AtomicBool,
    /// How long an answer takes, in milliseconds.
    pub delay_ms: AtomicU64,
    /// Requests that are being answered.
    pub under_way: AtomicUsize,
    pub connections: AtomicUsize,
    stop: CancellationToken,
}

impl Subgraph {
    pub async fn start(name: &'static str, sdl: String) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let subgraph = Arc::new(Self {
            name,
            address: listener.local_addr().unwrap(),
            sdl: Mutex::new(sdl),
            told: Mutex::default(),
            is_down: AtomicBool::default(),
            delay_ms: AtomicU64::default(),
            under_way: AtomicUsize::default(),
            connections: AtomicUsize::default(),
            stop: CancellationToken::new(),
        });
        let counted = Counted { listener, of: Arc::clone(&subgraph) };
        let router = Router::new().route("/graphql", post(answer)).with_state(Arc::clone(&subgraph));
        let stop = subgraph.stop.clone();
        tokio::spawn(async move { axum::serve(counted, router).with_graceful_shutdown(stop.cancelled_owned()).await });
        subgraph
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub fn set_sdl(&self, sdl: String) {
        *self.sdl.lock().unwrap() = sdl;
    }

    pub fn entry(&self) -> SchemaSubgraph {
        SchemaSubgraph { name: self.name.to_owned(), url: self.url(), sdl_file: None }
    }
}

struct Counted {
    listener: TcpListener,
    of: Arc<Subgraph>,
}

impl axum::serve::Listener for Counted {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let accepted = axum::serve::Listener::accept(&mut self.listener).await;
        self.of.connections.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn answer(State(subgraph): State<Arc<Subgraph>>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    if subgraph.is_down.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "errors": [{ "message": "down" }] })));
    }
    let text = body["query"].as_str().unwrap();
    subgraph.under_way.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(subgraph.delay_ms.load(Ordering::SeqCst))).await;
    subgraph.under_way.fetch_sub(1, Ordering::SeqCst);
    let sdl = subgraph.sdl.lock().unwrap().clone();
    if text.contains("_service") {
        let sdl = subgraph.told.lock().unwrap().clone().unwrap_or(sdl);
        return (StatusCode::OK, Json(json!({ "data": { "_service": { "sdl": sdl } } })));
    }
    let document = parse_query::<String>(text).unwrap().into_static();
    let set = document.definitions.iter().find_map(|definition| match definition {
        Definition::Operation(OperationDefinition::Query(query)) => Some(&query.selection_set),
        Definition::Operation(OperationDefinition::SelectionSet(set)) => Some(set),
        _ => None,
    });
    match object(subgraph.name, set.unwrap(), &body["variables"], &sdl) {
        Ok(data) => (StatusCode::OK, Json(json!({ "data": data }))),
        Err(field) => (StatusCode::OK, Json(json!({ "errors": [{ "message": format!("no field `{field}`") }] }))),
    }
}

fn object(name: &str, set: &SelectionSet, variables: &Value, sdl: &str) -> Result<Value, String> {
    let mut data = Map::new();
    for selection in &set.items {
        match selection {
            Selection::Field(field) => {
                let key = field.alias.as_ref().unwrap_or(&field.name).clone();
                let value = match field.name.as_str() {
                    "__typename" => json!("Product"),
                    "id" => json!("1"),
                    "_entities" => {
                        let count = variables["representations"].as_array().unwrap().len();
                        let entity = object(name, &field.selection_set, variables, sdl)?;
                        json!(vec![entity; count])
                    }
                    other if !sdl.contains(&format!(" {other}:")) => return Err(other.to_owned()),
                    _ if !field.selection_set.items.is_empty() => object(name, &field.selection_set, variables, sdl)?,
                    other => json!(format!("{name}.{other}")),
                };
                data.insert(key, value);
            }
            Selection::InlineFragment(inline) => {
                let Value::Object(fields) = object(name, &inline.selection_set, variables, sdl)? else { continue };
                data.extend(fields);
            }
            Selection::FragmentSpread(spread) => panic!("{spread:?}"),
        }
    }
    Ok(Value::Object(data))
}

/// A configuration that looks every 20 ms.
pub fn config() -> Config {
    let mut config = Config::development();
    config.schema.poll_interval_ms = Some(20);
    config.schema.settle_ms = 30;
    config.schema.start_timeout_ms = 5_000;
    config
}

/// A gateway that follows the source of its configuration.
pub struct Following {
    pub gateway: Gateway,
    pub status: SchemaStatus,
    pub shutdown: CancellationToken,
}

impl Following {
    pub async fn start(config: Config) -> Self {
        let clock: Arc<dyn selvedge_gateway::clock::Clock> = Arc::new(SystemClock);
        let source = source_of(&config, &clock).unwrap();
        let mut reloader = Reloader::new(source, &config, clock);
        let Loaded { schema, transports } = reloader.load().await.unwrap();
        let status = reloader.status();
        let gateway = Gateway::builder(config, schema, transports).source(status.clone()).build().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(reloader.follow(gateway.pipeline().clone(), shutdown.clone()));
        Self { gateway, status, shutdown }
    }

    pub fn version(&self) -> String {
        self.gateway.pipeline().schema().version().to_owned()
    }

    pub async fn query(&self, query: &str) -> Value {
        ask(self.gateway.pipeline(), query).await
    }

    /// Waits until `query` is answered without an error.
    pub async fn answers(&self, query: &str) -> Value {
        for _ in 0..500 {
            let answer = self.query(query).await;
            if answer.get("errors").is_none() {
                return answer["data"].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("`{query}` is not served: {}; {:?}", self.query(query).await, self.status.report());
    }

    /// Waits until the source has a problem whose text has `part`.
    pub async fn is_troubled_by(&self, stage: &str, part: &str) {
        let has_it = || {
            let error = self.status.report().last_error;
            error.is_some_and(|error| !error.is_resolved && error.stage == stage && error.reason.contains(part))
        };
        for _ in 0..500 {
            if has_it() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no problem of `{stage}` with `{part}`: {:?}", self.status.report());
    }

    /// Waits until the source has been in order for a while.
    pub async fn is_in_order(&self) {
        for _ in 0..500 {
            if self.status.report().is_in_order {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("still not in order: {:?}", self.status.report());
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub fn caller() -> Caller {
    Caller::new(
        selvedge_gateway::authenticate::Identity::default(),
        selvedge_gateway::authenticate::CorrelationId::generate(),
    )
}

/// The answer to `query`, errors of preparing included.
pub async fn ask(pipeline: &Pipeline, query: &str) -> Value {
    let request = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
    match pipeline.prepare(&request).await {
        Ok(prepared) => {
            let response = pipeline.execute(&prepared, request, &caller(), false).await;
            serde_json::from_slice(&response.to_bytes()).unwrap()
        }
        Err(errors) => json!({ "errors": errors.iter().map(|error| &error.message).collect::<Vec<_>>() }),
    }
}

/// Clients that ask the same again and again; counts answers that are not `expected`.
pub struct Load {
    pub answered: Arc<AtomicUsize>,
    failures: Arc<Mutex<Vec<Value>>>,
    stop: CancellationToken,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    pub fn start(pipeline: &Pipeline, clients: usize, query: &str, expected: &Value) -> Self {
        let (answered, failures, stop): (_, Arc<Mutex<Vec<Value>>>, _) =
            (Arc::<AtomicUsize>::default(), Arc::default(), CancellationToken::new());
        let clients = (0..clients).map(|_| {
            let (pipeline, query, expected) = (pipeline.clone(), query.to_owned(), expected.clone());
            let (answered, failures, stop) = (Arc::clone(&answered), Arc::clone(&failures), stop.clone());
            tokio::spawn(async move {
                while !stop.is_cancelled() {
                    let answer = ask(&pipeline, &query).await;
                    answered.fetch_add(1, Ordering::SeqCst);
                    if answer != expected {
                        failures.lock().unwrap().push(answer);
                    }
                    // One of a few clients per core; the rest of the time is the reloader's.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        });
        let clients = clients.collect();
        Self { answered, failures, stop, clients }
    }

    /// Stops, and returns how many were answered; fails when one was not as expected.
    pub async fn finish(self) -> usize {
        self.stop.cancel();
        for client in self.clients {
            client.await.unwrap();
        }
        let failures = self.failures.lock().unwrap();
        assert!(failures.is_empty(), "{} requests failed, such as {}", failures.len(), failures[0]);
        self.answered.load(Ordering::SeqCst)
    }
}
