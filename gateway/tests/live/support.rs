//! A pipeline over a scripted shop whose badges are fed by events.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use selvedge_gateway::{
    authenticate::{CorrelationId, Identity},
    clock::{Clock, SystemClock},
    config::Config,
    error::GraphqlError,
    execute::Graph,
    operation::OperationKind,
    pipeline::{Extension, Pipeline},
    request::GraphqlRequest,
    schema::{ServedSchema, SubgraphSdl, compose},
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports, TransportError},
    subscribe::{Caller, LiveSource, Subscription},
};
use serde_json::{Map, Value, json};

pub const STOCK: &str = r#"
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@composeDirective"])
      @link(url: "https://selvedge.dev/live/v1.0", import: ["@fedBy"])
      @composeDirective(name: "@fedBy")
    directive @fedBy(event: String!, key: String!, field: String!, revision: String, carries: String, snapshot: String!, public: Boolean!) on FIELD_DEFINITION
    type Query { badges(skus: [String!]!): [Badge!] secrets(skus: [String!]!): [Badge!] }
    type Subscription {
      badges(skus: [String!]!): Badge! @fedBy(event: "changed", key: "skus", field: "sku", revision: "revision", carries: "sku available revision", snapshot: "badges", public: true)
      secrets(skus: [String!]!): Badge! @fedBy(event: "changed", key: "skus", field: "sku", revision: "revision", carries: "sku available revision", snapshot: "secrets", public: false)
    }
    type Badge @key(fields: "sku") { sku: String! available: Int! revision: Int! note: String }
"#;
const TITLES: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT
    enum CacheControlScope { PUBLIC PRIVATE }
    type Query { shopName: String }
    type Badge @key(fields: "sku") {
      sku: String! title: String color: String @cacheControl(scope: PUBLIC) mood: String @cacheControl(scope: PRIVATE)
    }
"#;

pub fn schema(stock: &str) -> Arc<ServedSchema> {
    let subgraph = |name: &str, sdl: &str| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: sdl.to_owned(),
    };
    let subgraphs = [subgraph("stock", stock), subgraph("titles", TITLES)];
    let supergraph = compose(&subgraphs).unwrap();
    Arc::new(ServedSchema::from_supergraph_sdl(&supergraph).unwrap().with_cache_hints(&subgraphs))
}

/// What is true, and how the subgraphs behave.
#[derive(Default)]
pub struct World {
    levels: Mutex<BTreeMap<String, (i64, i64)>>,
    /// Requests to `stock` with the number of keys of each.
    pub asked: Mutex<Vec<usize>>,
    /// Representations of each request to `titles`.
    pub titled: Mutex<Vec<usize>>,
    pub opened: AtomicUsize,
    pub is_down: AtomicBool,
    /// Every question is answered with an error.
    pub refuses: AtomicBool,
    /// Keys in whose places there is an error instead of an item.
    pub lost: Mutex<BTreeSet<String>>,
    /// An error of no item comes with each answer.
    pub warns: AtomicBool,
    /// What notes end with.
    pub remark: Mutex<String>,
    /// How long an answer takes.
    pub delay_ms: AtomicU64,
}

impl World {
    /// Changes a level; its revision.
    pub fn set(&self, sku: &str, available: i64) -> i64 {
        let mut levels = self.levels.lock().unwrap();
        let level = levels.entry(sku.to_owned()).or_default();
        *level = (available, level.1 + 1);
        level.1
    }

    pub fn revision(&self, sku: &str) -> i64 {
        self.levels.lock().unwrap().get(sku).map_or(0, |level| level.1)
    }

    /// What an event of this moment holds.
    pub fn event(&self, sku: &str) -> Value {
        let (available, revision) = self.levels.lock().unwrap()[sku];
        json!({ "sku": sku, "available": available, "revision": revision })
    }

    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn answer(
        self: Arc<Self>,
        subgraph: &str,
        request: SubgraphRequest,
    ) -> Result<SubgraphResponse, TransportError> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let variables = &body["variables"];
        if request.kind == OperationKind::Subscription {
            self.opened.fetch_add(1, Ordering::SeqCst);
            return Ok(SubgraphResponse::stream(futures::stream::pending().boxed()));
        }
        if self.is_down.load(Ordering::SeqCst) {
            let reason = "down".to_owned();
            return Err(TransportError::Unreachable { subgraph: subgraph.to_owned(), reason });
        }
        if subgraph == "titles" {
            let list = variables["representations"].as_array().unwrap();
            self.titled.lock().unwrap().push(list.len());
            let titles: Vec<Value> = list
                .iter()
                .map(|one| json!({ "__typename": "Badge", "title": format!("Shirt {}", one["sku"].as_str().unwrap()), "color": "red", "mood": "fine" }))
                .collect();
            return Ok(answer(&json!({ "data": { "_entities": titles } })));
        }
        let keys: Vec<String> = serde_json::from_value(variables["selvedgeKeys"].clone()).unwrap();
        self.asked.lock().unwrap().push(keys.len());
        if self.refuses.load(Ordering::SeqCst) || keys.iter().any(|key| key.starts_with("BAD")) {
            return Ok(answer(
                &json!({ "data": null, "errors": [{ "message": "a bad key", "path": ["selvedgeItems"], "extensions": { "code": "BAD_KEY" } }] }),
            ));
        }
        // Read before the pause: a slow answer is an old one.
        let whole = self.whole_answer(&keys);
        tokio::time::sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst))).await;
        Ok(answer(&whole))
    }

    /// What is true of keys, and errors beside it.
    fn whole_answer(&self, keys: &[String]) -> Value {
        let (levels, lost) = (self.levels.lock().unwrap(), self.lost.lock().unwrap());
        let remark = self.remark.lock().unwrap().clone();
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        for key in keys {
            if lost.contains(key) {
                let path = json!(["selvedgeItems", items.len()]);
                items.push(Value::Null);
                errors.push(
                    json!({ "message": format!("{key} is lost"), "path": path, "extensions": { "code": "LOST" } }),
                );
            } else if let Some((available, revision)) = levels.get(key) {
                items
                    .push(json!({ "__typename": "Badge", "selvedgeKey": key, "selvedgeRevision": revision, "sku": key,
                        "available": available, "revision": revision, "note": format!("note {revision}{remark}") }));
            }
        }
        if self.warns.load(Ordering::SeqCst) {
            errors.push(json!({ "message": "in a bad way", "extensions": { "code": "IN_A_BAD_WAY" } }));
        }
        let mut whole = json!({ "data": { "selvedgeItems": items } });
        if !errors.is_empty() {
            whole["errors"] = Value::Array(errors);
        }
        whole
    }
}

fn answer(value: &Value) -> SubgraphResponse {
    SubgraphResponse::complete(Bytes::from(value.to_string()))
}

pub struct Shop {
    pub world: Arc<World>,
    pub pipeline: Pipeline,
    pub source: Option<LiveSource>,
}

pub fn config() -> Config {
    let mut config = Config::development();
    config.subscriptions.upstream_backoff_ms = 1;
    config.subscriptions.poll_when_deaf_ms = 50;
    config
}

impl Shop {
    /// A shop whose events are heard.
    pub fn open(config: &Config) -> Self {
        let mut shop = Self::deaf(config);
        let mut source = shop.pipeline.live_events().source();
        source.connect();
        shop.source = Some(source);
        shop
    }

    /// A shop without any source of events.
    pub fn deaf(config: &Config) -> Self {
        let world = Arc::<World>::default();
        let mut transports = SubgraphTransports::default();
        for name in ["stock", "titles"] {
            let world = Arc::clone(&world);
            let answer = move |request: SubgraphRequest| Arc::clone(&world).answer(name, request);
            transports = transports.with(name, tower::service_fn(answer));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let pipeline = Pipeline::new(config, &Graph::new(schema(STOCK), transports), Extension::default(), &clock);
        Self { world, pipeline, source: None }
    }

    pub fn source(&mut self) -> &mut LiveSource {
        self.source.as_mut().unwrap()
    }

    /// Tells what is true of a key.
    pub fn tell(&self, sku: &str) {
        self.source.as_ref().unwrap().tell("changed", &self.world.event(sku));
    }

    /// Changes a level and tells it.
    pub fn change(&self, sku: &str, available: i64) {
        self.world.set(sku, available);
        self.tell(sku);
    }

    pub async fn try_join(
        &self,
        query: &str,
        wishes: Value,
        subject: Option<&str>,
    ) -> Result<Subscription, Vec<GraphqlError>> {
        let identity = Identity { subject: subject.map(str::to_owned), ..Identity::default() };
        self.join_as(query, wishes, Caller::new(identity, CorrelationId::generate())).await
    }

    pub async fn join_as(&self, query: &str, wishes: Value, caller: Caller) -> Result<Subscription, Vec<GraphqlError>> {
        let mut extensions = Map::new();
        if !wishes.is_null() {
            extensions.insert("live".to_owned(), wishes);
        }
        let request = GraphqlRequest { query: query.to_owned(), extensions, ..GraphqlRequest::default() };
        let prepared = self.pipeline.prepare(&request).await?;
        self.pipeline.subscribe(prepared, request, caller)
    }

    pub async fn join(&self, query: &str) -> Subscription {
        self.try_join(query, Value::Null, None).await.unwrap()
    }

    /// Joins with the SKUs in a variable.
    pub async fn watch(&self, skus: &[&str]) -> Subscription {
        let query = "subscription W($skus: [String!]!) { badges(skus: $skus) { sku available revision } }";
        let variables = json!({ "skus": skus }).as_object().unwrap().clone();
        let request = GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() };
        let prepared = self.pipeline.prepare(&request).await.unwrap();
        self.pipeline.subscribe(prepared, request, Caller::new(Identity::default(), CorrelationId::generate())).unwrap()
    }
}

pub async fn next(subscription: &mut Subscription) -> Value {
    let next = tokio::time::timeout(Duration::from_secs(10), subscription.next()).await.expect("it comes in time");
    serde_json::from_slice(&next.expect("the stream goes on")).unwrap()
}

/// SKU, available and revision of the next badge.
pub async fn badge(subscription: &mut Subscription) -> (String, i64, i64) {
    let response = next(subscription).await;
    let badge = &response["data"]["badges"];
    let number = |name: &str| badge[name].as_i64().unwrap_or_else(|| panic!("no {name}: {response}"));
    (badge["sku"].as_str().unwrap().to_owned(), number("available"), number("revision"))
}

/// Waits until `condition` holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen within 10 s");
}

/// Nothing comes.
pub async fn silent(subscription: &mut Subscription) {
    let next = tokio::time::timeout(Duration::from_millis(150), subscription.next()).await;
    assert!(next.is_err(), "{next:?}");
}

/// The code of an answer that is errors alone.
pub async fn error_code(subscription: &mut Subscription) -> String {
    let response = next(subscription).await;
    assert!(response["data"].is_null(), "{response}");
    response["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{response}")).to_owned()
}
