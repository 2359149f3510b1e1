//! A small shop of three subgraphs, and subgraphs that answer from a script.
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
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use selvedge_gateway::{
    execute::{ExecuteContext, execute, execute_event},
    parse::Limits,
    plan::{Conditions, Preparation, PreparedOperation, prepare, prepare_for, prepare_text},
    schema::{ServedSchema, SubgraphSdl, compose},
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports, TransportError},
};
use serde_json::{Map, Value, json};

pub fn subgraph(name: &str, sdl: &str) -> SubgraphSdl {
    SubgraphSdl { name: name.to_owned(), url: format!("http://{name}.test/graphql"), sdl: sdl.to_owned() }
}

pub fn shop_subgraphs() -> Vec<SubgraphSdl> {
    vec![
        subgraph("inventory", include_str!("../fixtures/shop/inventory.graphql")),
        subgraph("preferences", include_str!("../fixtures/shop/preferences.graphql")),
        subgraph("recommendation", include_str!("../fixtures/shop/recommendation.graphql")),
    ]
}

pub fn served(subgraphs: &[SubgraphSdl]) -> ServedSchema {
    let supergraph = compose(subgraphs).unwrap_or_else(|error| panic!("{error}"));
    ServedSchema::from_supergraph_sdl(&supergraph).unwrap_or_else(|error| panic!("{error}"))
}

pub fn shop() -> ServedSchema {
    served(&shop_subgraphs())
}

pub fn prepared(schema: &ServedSchema, query: &str) -> PreparedOperation {
    prepare(schema, query, None, &Limits::default()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// Prepared as the pipeline does it: for the values of the variables that decide what is selected.
pub fn prepared_with(schema: &ServedSchema, query: &str, variables: &Map<String, Value>) -> PreparedOperation {
    let limits = Limits::default();
    match prepare_text(schema, query, None, &limits).unwrap_or_else(|errors| panic!("{errors:?}")) {
        Preparation::Planned(operation) => *operation,
        Preparation::Conditional(asked) => {
            let conditions = Conditions::of(&asked, variables);
            prepare_for(schema, (query, None), &conditions, &limits).unwrap_or_else(|errors| panic!("{errors:?}"))
        }
    }
}

/// What a subgraph does with a request body.
pub enum Reply {
    Json(Value),
    Raw(&'static str),
    Fail,
    Hang,
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// Requests in the order in which they arrived.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(String, Value)>>>);

impl Log {
    pub fn all(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }

    pub fn to(&self, subgraph: &str) -> Vec<Value> {
        self.all().into_iter().filter(|(name, _)| name == subgraph).map(|(_, body)| body).collect()
    }
}

/// Subgraphs that answer from `script(subgraph, request body)`.
pub fn scripted<R: Into<Reply>>(
    schema: &ServedSchema,
    script: impl Fn(&str, &Value) -> R + Clone + Send + Sync + 'static,
) -> (SubgraphTransports, Log) {
    let log = Log::default();
    let mut transports = SubgraphTransports::default();
    for (name, _) in schema.subgraphs() {
        let (name, log, script) = (name.to_owned(), log.clone(), script.clone());
        let owned = name.clone();
        let service = tower::service_fn(move |request: SubgraphRequest| {
            let body: Value = serde_json::from_slice(&request.body).expect("request bodies are JSON");
            log.0.lock().unwrap().push((owned.clone(), body.clone()));
            let reply = script(&owned, &body).into();
            let subgraph = owned.clone();
            async move {
                match reply {
                    Reply::Json(json) => Ok(SubgraphResponse::complete(Bytes::from(json.to_string()))),
                    Reply::Raw(text) => Ok(SubgraphResponse::complete(Bytes::from_static(text.as_bytes()))),
                    Reply::Fail => Err(TransportError::Unreachable { subgraph, reason: "refused".to_owned() }),
                    Reply::Hang => std::future::pending().await,
                }
            }
        });
        transports = transports.with(name, service);
    }
    (transports, log)
}

pub struct Outcome {
    pub response: Value,
    /// The response as it was written, for the order of keys.
    pub text: String,
    pub log: Log,
    pub requests: Vec<(String, usize)>,
}

pub async fn run<R: Into<Reply>>(
    schema: &ServedSchema,
    query: &str,
    variables: Value,
    script: impl Fn(&str, &Value) -> R + Clone + Send + Sync + 'static,
) -> Outcome {
    run_within(schema, query, variables, (Duration::from_secs(5), script)).await
}

pub async fn run_within<R: Into<Reply>>(
    schema: &ServedSchema,
    query: &str,
    variables: Value,
    (limit, script): (Duration, impl Fn(&str, &Value) -> R + Clone + Send + Sync + 'static),
) -> Outcome {
    let operation = prepared_with(schema, query, &object(variables.clone()));
    let (transports, log) = scripted(schema, script);
    let context = context(&transports, limit);
    let response = execute(schema, &operation, object(variables), &context).await;
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    let requests = response.subgraph_requests.iter().map(|(name, count)| (name.to_string(), *count)).collect();
    Outcome { response: serde_json::from_str(&text).unwrap(), text, log, requests }
}

pub async fn run_event<R: Into<Reply>>(
    schema: &ServedSchema,
    query: &str,
    event: Value,
    script: impl Fn(&str, &Value) -> R + Clone + Send + Sync + 'static,
) -> Outcome {
    let operation = prepared(schema, query);
    let (transports, log) = scripted(schema, script);
    let context = context(&transports, Duration::from_secs(5));
    let event = Bytes::from(event.to_string());
    let response = execute_event(schema, &operation, &Map::new(), event, &context).await;
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    let requests = response.subgraph_requests.iter().map(|(name, count)| (name.to_string(), *count)).collect();
    Outcome { response: serde_json::from_str(&text).unwrap(), text, log, requests }
}

fn context(transports: &SubgraphTransports, limit: Duration) -> ExecuteContext<'_> {
    let deadline = tokio::time::Instant::now() + limit;
    ExecuteContext { transports, call: Arc::default(), deadline, kept: None, reads: None, hints: true }
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => panic!("{other} is no object"),
    }
}

/// The representations of a request, those of all its lists, or none.
pub fn representations(body: &Value) -> Vec<Value> {
    let lists = entity_lists(body).into_iter().map(|(_, variable)| &body["variables"][&variable]);
    lists.flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect()
}

/// `{"data":{"_entities":[…]}}`, one for each representation, under the keys that the request says.
pub fn entities(body: &Value, answer: impl Fn(&Value) -> Value) -> Value {
    let mut data = Map::new();
    for (key, variable) in entity_lists(body) {
        let list = body["variables"][&variable].as_array().unwrap();
        data.insert(key, list.iter().map(&answer).collect());
    }
    json!({ "data": data })
}

/// Key and variable of each `_entities` field of a request.
fn entity_lists(body: &Value) -> Vec<(String, String)> {
    let text = body["query"].as_str().unwrap();
    text.match_indices("_entities(representations: $")
        .map(|(at, found)| {
            let before = text[..at].trim_end();
            let alias = before.strip_suffix(':').and_then(|before| before.rsplit(['{', ' ', '}']).next());
            let variable = text[at + found.len()..].split(')').next().unwrap();
            (alias.unwrap_or("_entities").to_owned(), variable.to_owned())
        })
        .collect()
}
