//! A shop whose stock changes, behind a gateway that keeps answers. `pages` knows which products a page shows, `stock`
//! knows the products, `wishes` knows what of them a caller wants.
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
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use selvedge_gateway::{
    authenticate::{CorrelationId, Identity},
    cache::EntityEvents,
    config::Config,
    error::GraphqlResponse,
    hooks::Hooks,
    request::GraphqlRequest,
    schema::{ServedSchema, SubgraphSdl, compose},
    server::{Gateway, GatewayBuilder},
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports, TransportError},
    subscribe::Caller,
};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])"#;
const PAGES: &str = r#"
    type Query { page(name: String): Page }
    type Page { products: [Product!]! }
    type Product @key(fields: "id", resolvable: false) { id: ID! }
"#;
const STOCK: &str = r#"
    type Query { product(id: ID!): Product badge(sku: String!): Badge find(text: String!): [Product] }
    type Mutation { reserve(sku: String!): Reservation reserveSilently(sku: String!): Int }
    type Reservation { id: ID! badge: Badge }
    type Product @key(fields: "id") @key(fields: "handle") {
        id: ID! handle: String! title: String badge: Badge
    }
    type Badge @key(fields: "sku") { sku: String! available: Int! revision: Int! }
"#;
const WISHES: &str = r#"
    type Query { me: Customer }
    type Customer @key(fields: "id") { id: ID! note: String }
    type Product @key(fields: "id") { id: ID! note: String }
"#;

pub type Headers = Vec<(&'static str, String)>;

/// What the subgraphs know, and what they were asked.
pub struct World {
    /// Units and revision of each SKU; product `1` has the SKU `s1`.
    pub stock: Mutex<BTreeMap<String, (i64, i64)>>,
    pub log: Mutex<Vec<(String, Value)>>,
    /// The `cache-control` of each subgraph.
    pub hints: Mutex<BTreeMap<String, Headers>>,
    /// Subgraphs read at once, and answer when they get a permit.
    pub gate: Option<Semaphore>,
    /// Added to what a mutation answers.
    pub changed: Mutex<Option<Value>>,
    /// Answers of this subgraph have an error too.
    pub failing: Mutex<Option<String>>,
}

impl World {
    pub fn new() -> Self {
        Self {
            stock: Mutex::default(),
            log: Mutex::default(),
            hints: Mutex::default(),
            gate: None,
            changed: Mutex::default(),
            failing: Mutex::default(),
        }
    }

    /// All subgraphs say this.
    pub fn saying(self, cache_control: &str) -> Self {
        for subgraph in ["pages", "stock", "wishes"] {
            self.says(subgraph, cache_control);
        }
        self
    }

    pub fn gated(self) -> Self {
        Self { gate: Some(Semaphore::new(0)), ..self }
    }

    pub fn says(&self, subgraph: &str, cache_control: &str) {
        let headers = vec![("cache-control", cache_control.to_owned())];
        self.hints.lock().unwrap().insert(subgraph.to_owned(), headers);
    }

    pub fn open(&self, answers: usize) {
        self.gate.as_ref().unwrap().add_permits(answers);
    }

    /// Sells one unit.
    pub fn sell(&self, sku: &str) -> i64 {
        let mut stock = self.stock.lock().unwrap();
        let badge = stock.entry(sku.to_owned()).or_insert((100, 1));
        *badge = (badge.0 - 1, badge.1 + 1);
        badge.1
    }

    pub fn asked(&self, subgraph: &str) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(name, _)| name == subgraph).map(|(_, body)| body.clone()).collect()
    }

    pub fn forget_log(&self) {
        self.log.lock().unwrap().clear();
    }

    /// The product ids that `stock` was asked for by its entity fetches.
    pub fn stock_ids(&self) -> Vec<Vec<String>> {
        let ids = |body: &Value| {
            let list = body["variables"].as_object()?.values().find_map(Value::as_array)?;
            Some(list.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect())
        };
        self.asked("stock").iter().filter_map(ids).collect()
    }

    fn badge(&self, sku: &str) -> Value {
        let (available, revision) = self.stock.lock().unwrap().get(sku).copied().unwrap_or((100, 1));
        json!({ "__typename": "Badge", "sku": sku, "available": available, "revision": revision })
    }

    fn product(&self, id: &str) -> Value {
        if id == "none" {
            return Value::Null;
        }
        json!({ "__typename": "Product", "id": id, "handle": format!("h{id}"), "title": format!("title {id}"),
            "badge": self.badge(&format!("s{id}")) })
    }

    fn read(&self, subgraph: &str, body: &Value, subject: &str) -> Value {
        let query = body["query"].as_str().unwrap();
        let variables = &body["variables"];
        let note = format!("for {subject}");
        if let Some((output, list)) = entities_of(query, variables) {
            let answer = |it: &Value| match (subgraph, it["__typename"].as_str().unwrap()) {
                ("stock", "Product") => self.product(it["id"].as_str().unwrap()),
                ("stock", _) => self.badge(it["sku"].as_str().unwrap()),
                (_, ty) => json!({ "__typename": ty, "id": it["id"], "note": note }),
            };
            return json!({ (output): list.iter().map(answer).collect::<Vec<_>>() });
        }
        let text = |name: &str| argument(query, variables, name);
        if query.contains("reserve") {
            let sku = text("sku").unwrap();
            self.sell(&sku);
            return json!({ "reserveSilently": 1,
                "reserve": { "__typename": "Reservation", "id": "r1", "badge": self.badge(&sku) } });
        }
        match subgraph {
            "pages" => {
                let ids = text("name").unwrap_or_else(|| "1,2,3".to_owned());
                let products: Vec<_> = ids.split(',').map(|id| json!({ "__typename": "Product", "id": id })).collect();
                json!({ "page": { "__typename": "Page", "products": products } })
            }
            "wishes" => json!({ "me": { "__typename": "Customer", "id": subject, "note": note } }),
            _ if query.contains("find") => json!({ "find": [self.product(&text("text").unwrap())] }),
            _ if query.contains("badge(") => json!({ "badge": self.badge(&text("sku").unwrap()) }),
            _ => json!({ "product": self.product(&text("id").unwrap()) }),
        }
    }

    async fn answer(
        self: Arc<Self>,
        subgraph: String,
        request: SubgraphRequest,
    ) -> Result<SubgraphResponse, TransportError> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let forwarded = request.context.forwarded.iter().find(|(name, _)| *name == http::header::AUTHORIZATION);
        let passed_on = forwarded.map(|(_, value)| value.to_str().unwrap().to_owned());
        let caller = request.context.caller.as_ref().and_then(|caller| caller.subject.clone()).or(passed_on);
        let data = self.read(&subgraph, &body, caller.as_deref().unwrap_or("nobody"));
        // Whoever sees it here knows that it has been read.
        self.log.lock().unwrap().push((subgraph.clone(), body.clone()));
        let mut answer = json!({ "data": data });
        if body["query"].as_str().unwrap().contains("reserve")
            && let Some(changed) = &*self.changed.lock().unwrap()
        {
            answer["extensions"] = json!({ "changed": changed });
        }
        if self.failing.lock().unwrap().as_ref() == Some(&subgraph) {
            answer["errors"] = json!([{ "message": "half of it is missing" }]);
        }
        let hints = self.hints.lock().unwrap().get(&subgraph).cloned().unwrap_or_default();
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        } else {
            tokio::task::yield_now().await;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in hints {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
        }
        Ok(SubgraphResponse { headers, ..SubgraphResponse::complete(Bytes::from(answer.to_string())) })
    }
}

/// The key of the list that a fetch of entities wants, and its representations.
fn entities_of<'b>(query: &str, variables: &'b Value) -> Option<(String, &'b Vec<Value>)> {
    let before = &query[..query.find("_entities(")?];
    let alias = before.trim_end().strip_suffix(':').map(|before| {
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        before[start..].to_owned()
    });
    Some((alias.unwrap_or_else(|| "_entities".to_owned()), variables.as_object()?.values().find_map(Value::as_array)?))
}

/// The value of an argument, from the text or the variables.
fn argument(query: &str, variables: &Value, name: &str) -> Option<String> {
    let marker = format!("{name}:");
    // The last one: the first may be the definition of a variable, which begins with a dollar.
    let mut rest = query;
    while let Some(at) = rest.find(&marker) {
        let is_definition = rest[..at].ends_with('$');
        rest = &rest[at + marker.len()..];
        if is_definition {
            continue;
        }
        let value = rest.trim_start();
        if let Some(text) = value.strip_prefix('"') {
            return Some(text[..text.find('"')?].to_owned());
        }
        if let Some(variable) = value.strip_prefix('$') {
            let end = variable.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            return Some(variables[&variable[..end]].as_str()?.to_owned());
        }
    }
    None
}

/// A gateway over a world.
pub struct Shop {
    pub world: Arc<World>,
    pub gateway: Gateway,
}

pub fn config() -> Config {
    let mut config = Config::development();
    config.cache.enabled = Some(true);
    config
}

pub fn subgraphs() -> [SubgraphSdl; 3] {
    let subgraph = |name: &str, sdl: &str| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: format!("{LINK} {sdl}"),
    };
    [subgraph("pages", PAGES), subgraph("stock", STOCK), subgraph("wishes", WISHES)]
}

pub fn supergraph() -> String {
    compose(&subgraphs()).unwrap_or_else(|error| panic!("{error}"))
}

impl Shop {
    pub fn new(world: World) -> Self {
        Self::with(world, config())
    }

    pub fn with(world: World, config: Config) -> Self {
        Self::over(world, config, &supergraph())
    }

    /// Over a supergraph.
    pub fn over(world: World, config: Config, supergraph: &str) -> Self {
        Self::before(Arc::new(world), config, ServedSchema::from_supergraph_sdl(supergraph).unwrap())
    }

    /// Over subgraphs that the gateway composes by itself.
    pub fn composed(world: World, config: Config, subgraphs: &[SubgraphSdl]) -> Self {
        let supergraph = compose(subgraphs).unwrap_or_else(|error| panic!("{error}"));
        let schema = ServedSchema::from_supergraph_sdl(&supergraph).unwrap().with_cache_hints(subgraphs);
        Self::before(Arc::new(world), config, schema)
    }

    /// Another gateway before the same world.
    pub fn beside(&self, config: Config) -> Self {
        Self::before(Arc::clone(&self.world), config, ServedSchema::from_supergraph_sdl(&supergraph()).unwrap())
    }

    /// With an installation's own code.
    pub fn hooked(world: World, config: Config, hooks: impl Hooks) -> Self {
        let schema = ServedSchema::from_supergraph_sdl(&supergraph()).unwrap();
        Self::built(Arc::new(world), config, schema, |builder| builder.hooks(hooks))
    }

    fn before(world: Arc<World>, config: Config, schema: ServedSchema) -> Self {
        Self::built(world, config, schema, |builder| builder)
    }

    fn built(
        world: Arc<World>,
        config: Config,
        schema: ServedSchema,
        more: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let schema = Arc::new(schema);
        let mut transports = SubgraphTransports::default();
        for (name, _) in schema.subgraphs() {
            let (name, world) = (name.to_owned(), Arc::clone(&world));
            let of_name = name.clone();
            let service =
                tower::service_fn(move |request: SubgraphRequest| Arc::clone(&world).answer(of_name.clone(), request));
            transports = transports.with(name, service);
        }
        let gateway = more(Gateway::builder(config, schema, transports)).build().unwrap();
        Self { world, gateway }
    }

    pub fn events(&self) -> EntityEvents {
        self.gateway.entity_events()
    }

    pub async fn response(&self, query: &str, subject: Option<&str>) -> GraphqlResponse {
        self.response_with(query, json!({}), subject).await
    }

    pub async fn response_with(&self, query: &str, variables: Value, subject: Option<&str>) -> GraphqlResponse {
        let Value::Object(variables) = variables else { panic!("{variables}") };
        let request = request(query, &variables);
        let pipeline = self.gateway.pipeline();
        let prepared = pipeline.prepare(&request).await.unwrap_or_else(|errors| panic!("{errors:?}"));
        pipeline.execute(&prepared, request, &caller(subject), false).await
    }

    pub async fn ask(&self, query: &str, subject: Option<&str>) -> Value {
        self.ask_with(query, json!({}), subject).await
    }

    pub async fn ask_with(&self, query: &str, variables: Value, subject: Option<&str>) -> Value {
        let response = self.response_with(query, variables, subject).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        serde_json::from_slice(&response.data.unwrap()).unwrap()
    }
}

pub fn request(query: &str, variables: &Map<String, Value>) -> GraphqlRequest {
    let body = json!({ "query": query, "variables": variables }).to_string();
    match selvedge_gateway::request::decode_body(body.as_bytes(), 0).unwrap() {
        selvedge_gateway::request::Decoded::Single(request) => request,
        selvedge_gateway::request::Decoded::Batch(_) => panic!("a batch"),
    }
}

pub fn caller(subject: Option<&str>) -> Caller {
    let identity = Identity { subject: subject.map(str::to_owned), ..Identity::default() };
    Caller::new(identity, CorrelationId::generate())
}
