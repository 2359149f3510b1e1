//! Several subgraphs in this process, and the same data behind one schema to compare with.
//!
//! Subgraphs are strict: they validate what they are asked, refuse external fields and representations without a
//! whole key, and compute fields with `@requires` from what representations bring.

mod data;
mod execute;
mod random;
mod requires;
mod types;

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::{query, schema},
    validation::{rules::default_rules_validation_plan, validate::validate},
};
use selvedge_gateway::{
    execute::{ExecuteContext, execute},
    parse::Limits,
    plan::{Conditions, Preparation, PreparedOperation, prepare_for, prepare_text},
    schema::{ServedSchema, SubgraphSdl, compose},
    subgraph::{SubgraphRequest, SubgraphResponse, SubgraphTransports},
};
use serde_json::{Map, Value, json};

use self::{
    data::Universe,
    execute::{Executor, Side},
    types::Types,
};
pub use random::compare_random;

struct Subgraph {
    name: String,
    types: Types,
    /// What it validates operations against.
    schema: schema::Document,
}

impl Subgraph {
    fn new(name: &str, sdl: &str) -> Self {
        let types = Types::read(sdl);
        let executable = types.executable_sdl();
        let parsed = parse_schema::<String>(&executable).unwrap_or_else(|error| panic!("{error}\n{executable}"));
        Self { name: name.to_owned(), schema: parsed.into_static(), types }
    }
}

struct Shared {
    subgraphs: Vec<Subgraph>,
    /// The types of each subgraph once more, for the one schema.
    all: Vec<Types>,
    whole: Types,
    universe: Universe,
}

/// One graph with its data.
pub struct World {
    pub schema: ServedSchema,
    shared: Arc<Shared>,
}

/// What the gateway made of one operation.
pub struct Answer {
    pub response: Value,
    /// As it was written, for the order of keys.
    pub data: String,
    /// What each subgraph was asked.
    pub requests: Vec<(String, Value)>,
    pub plan: String,
}

impl Answer {
    /// The paths of the errors, sorted.
    pub fn error_paths(&self) -> Vec<String> {
        error_paths(&self.response)
    }

    /// How often the subgraph was asked.
    pub fn requests_to(&self, subgraph: &str) -> usize {
        self.requests.iter().filter(|(name, _)| name == subgraph).count()
    }
}

pub fn error_paths(response: &Value) -> Vec<String> {
    let errors = response["errors"].as_array().into_iter().flatten();
    let mut paths: Vec<String> = errors.map(|error| error["path"].to_string()).collect();
    paths.sort();
    paths.dedup();
    paths
}

impl World {
    /// The graph that `subgraphs` (name and schema) compose to.
    pub fn new(subgraphs: &[(&str, &str)], universe: Value) -> Self {
        let supergraph = supergraph(subgraphs).unwrap_or_else(|error| panic!("{error}"));
        Self::of_supergraph(&supergraph, subgraphs, universe)
    }

    /// The graph of a supergraph that was composed elsewhere.
    pub fn of_supergraph(supergraph: &str, subgraphs: &[(&str, &str)], universe: Value) -> Self {
        let schema = ServedSchema::from_supergraph_sdl(supergraph).unwrap_or_else(|error| panic!("{error}"));
        let whole = Types::read(schema.api_sdl());
        let subgraphs: Vec<Subgraph> = subgraphs.iter().map(|(name, sdl)| Subgraph::new(name, sdl)).collect();
        let all = subgraphs.iter().map(|subgraph| subgraph.types.clone()).collect();
        Self { schema, shared: Arc::new(Shared { subgraphs, all, whole, universe: Universe(universe) }) }
    }

    /// Runs `query` through the gateway.
    pub async fn ask(&self, query: &str, variables: &Value) -> Result<Answer, String> {
        let operation = self.prepared(query, variables)?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let transports = self.transports(&log);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        let context = ExecuteContext {
            transports: &transports,
            call: Arc::default(),
            deadline,
            kept: None,
            reads: None,
            hints: true,
        };
        let response = execute(&self.schema, &operation, object(variables), &context).await;
        let response: Value = serde_json::from_slice(&response.to_bytes()).unwrap();
        let requests = log.lock().unwrap().clone();
        Ok(Answer { data: response["data"].to_string(), response, requests, plan: operation.plan_text() })
    }

    fn prepared(&self, query: &str, variables: &Value) -> Result<PreparedOperation, String> {
        let (schema, limits) = (&self.schema, Limits::default());
        let prepared = match prepare_text(schema, query, None, &limits) {
            Ok(Preparation::Planned(operation)) => Ok(*operation),
            Ok(Preparation::Conditional(conditions)) => {
                let conditions = Conditions::of(&conditions, &object(variables));
                prepare_for(schema, (query, None), &conditions, &limits)
            }
            Err(errors) => Err(errors),
        };
        prepared.map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "))
    }

    /// What one schema with the same data answers.
    pub fn expected(&self, query: &str, variables: &Value) -> Value {
        let shared = &self.shared;
        run((&shared.whole, &shared.whole), &shared.universe, Side::Monolith(&shared.all), (query, variables))
    }

    /// The gateway's answer, which must be what one schema with the same data answers, errors by their paths.
    pub async fn check(&self, query: &str) -> Answer {
        self.check_with(query, &Value::Null).await
    }

    /// The same with variables.
    pub async fn check_with(&self, query: &str, variables: &Value) -> Answer {
        let answer = self.ask(query, variables).await.unwrap_or_else(|error| panic!("{error}: {query}"));
        if let Some(difference) = self.difference(query, variables, &answer) {
            panic!("{difference}");
        }
        answer
    }

    fn difference(&self, query: &str, variables: &Value, answer: &Answer) -> Option<String> {
        let expected = self.expected(query, variables);
        // As text, because the order of keys counts.
        let data = expected["data"].to_string();
        if answer.data == data && error_paths(&answer.response) == error_paths(&expected) {
            return None;
        }
        let requests: Vec<String> = answer.requests.iter().map(|(name, body)| format!("{name}: {body}")).collect();
        Some(format!(
            "{query}\n{variables}\nexpected {expected}\nbut got  {}\n{}\n{}",
            answer.response,
            answer.plan,
            requests.join("\n")
        ))
    }

    fn transports(&self, log: &Arc<Mutex<Vec<(String, Value)>>>) -> SubgraphTransports {
        let mut transports = SubgraphTransports::default();
        for at in 0..self.shared.subgraphs.len() {
            let (shared, log) = (Arc::clone(&self.shared), Arc::clone(log));
            let name = shared.subgraphs[at].name.clone();
            let service = tower::service_fn(move |request: SubgraphRequest| {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let subgraph = &shared.subgraphs[at];
                log.lock().unwrap().push((subgraph.name.clone(), body.clone()));
                let answer = answer(&shared, subgraph, &body).to_string();
                std::future::ready(Ok(SubgraphResponse::complete(Bytes::from(answer))))
            });
            transports = transports.with(name, service);
        }
        transports
    }
}

/// The supergraph that `subgraphs` (name and schema) compose to.
pub fn supergraph(subgraphs: &[(&str, &str)]) -> Result<String, String> {
    let sdls: Vec<SubgraphSdl> = subgraphs
        .iter()
        .map(|(name, sdl)| SubgraphSdl {
            name: (*name).to_owned(),
            url: format!("http://{name}.test"),
            sdl: (*sdl).to_owned(),
        })
        .collect();
    compose(&sdls).map_err(|error| error.to_string())
}

/// What a subgraph answers.
fn answer(shared: &Shared, subgraph: &Subgraph, body: &Value) -> Value {
    let query = body["query"].as_str().unwrap();
    let invalid = validate(&subgraph.schema, &parsed(query), &default_rules_validation_plan());
    if let Some(error) = invalid.first() {
        return json!({ "errors": [{ "message": format!("INVALID for {}: {}", subgraph.name, error.message) }] });
    }
    let side = Side::Subgraph(&subgraph.name);
    run((&subgraph.types, &shared.whole), &shared.universe, side, (query, &body["variables"]))
}

fn run(
    (types, whole): (&Types, &Types),
    universe: &Universe,
    side: Side<'_>,
    (query, variables): (&str, &Value),
) -> Value {
    let (document, variables) = (parsed(query), object(variables));
    let errors = RefCell::default();
    Executor { types, whole, universe, side, document: &document, variables: &variables, errors }.run()
}

fn parsed(query: &str) -> query::Document {
    parse_query::<String>(query).unwrap_or_else(|error| panic!("{error}\n{query}")).into_static()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
