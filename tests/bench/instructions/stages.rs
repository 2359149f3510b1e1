//! What is counted.

use std::{collections::BTreeMap, hint::black_box, process::Stdio, sync::Arc};

use selvedge_gateway::{
    authenticate::{CorrelationId, Identity},
    config::{Config, load},
    plan::{Limits, prepare_text},
    request::GraphqlRequest,
    schema::ServedSchema,
    server::Gateway,
    subscribe::Caller,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{
    scenarios::Scenario,
    supergraph::composed,
    transports::{Way, transports},
};

/// The function whose instructions are counted, by its name.
const COUNTED: &str = "count_instructions_of";

/// Rounds before the count begins, so that what is remembered is.
const WARM_UP: u64 = 20;

#[inline(never)]
fn count_instructions_of(work: &mut dyn FnMut()) {
    work();
}

/// A part of the way of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Prepare,
    Known,
    Run(Way),
    /// What one function takes of a run whose answers are there.
    Within(&'static str, &'static str),
    Whole,
}

impl Stage {
    pub(crate) const ALL: [Self; 11] = [
        Self::Prepare,
        Self::Known,
        Self::Run(Way::Nothing),
        Self::Within("  gather representations, write them", "selvedge_gateway::execute::entities::gather"),
        Self::Within("  read answers into slots", "selvedge_gateway::value::read::read_answer"),
        Self::Within("  join answers to entities", "selvedge_gateway::execute::entities::scatter"),
        Self::Within("  write the response", "selvedge_gateway::project::response::project"),
        Self::Run(Way::Stack),
        Self::Run(Way::Own),
        Self::Run(Way::Hyper),
        Self::Whole,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare: parse, validate, plan, compile",
            Self::Known => "prepare what is known",
            Self::Run(Way::Nothing) => "run, answers being there",
            Self::Run(Way::Stack) => "run, with the layers around subgraphs",
            Self::Run(Way::Own) => "run, over the gateway's own HTTP/1.1",
            Self::Run(Way::Hyper) => "run, over hyper's client",
            Self::Within(name, _) => name,
            Self::Whole => "the whole, from socket to socket",
        }
    }

    /// The function whose instructions are counted, as a pattern of callgrind's, and in how many rounds it is called.
    pub(crate) fn counted(self, rounds: u64) -> (String, u64) {
        match self {
            Self::Within(_, function) => (function.to_owned(), rounds + WARM_UP),
            _ => (format!("*{COUNTED}*"), rounds),
        }
    }

    /// How many rounds of others take as long as one of these.
    pub(crate) const fn weight(self) -> u64 {
        if matches!(self, Self::Prepare) { 10 } else { 1 }
    }
}

/// Runs `rounds` of a stage; subgraphs are below `url`.
pub(crate) fn run(stage: Stage, scenario: &Scenario, url: &str, rounds: u64) {
    let schema = composed(scenario.graph, |name| format!("{url}{name}"));
    let schema = Arc::new(ServedSchema::from_supergraph_sdl(&schema).unwrap());
    let (text, limits) = (scenario.query(0), Limits::default());
    match stage {
        Stage::Prepare => repeat(rounds, || drop(black_box(prepare_text(&schema, &text, None, &limits).unwrap()))),
        Stage::Known => on(Way::Nothing, &schema).prepares(scenario, rounds),
        Stage::Run(way) => on(way, &schema).runs(scenario, rounds),
        Stage::Within(..) => on(Way::Nothing, &schema).runs(scenario, rounds),
        Stage::Whole => on(Way::Own, &schema).serves(scenario, rounds),
    }
}

fn repeat(rounds: u64, mut work: impl FnMut()) {
    (0..WARM_UP.min(rounds)).for_each(|_| work());
    count_instructions_of(&mut || (0..rounds).for_each(|_| work()));
}

fn on(way: Way, schema: &Arc<ServedSchema>) -> Bench {
    // Each request by itself, and with an identity for subgraphs, as the shop has it.
    let yaml = "mode: production\nidentity:\n  secret: a secret of this benchmark and nothing else\n\
                subgraphs:\n  default:\n    deduplicate: false\n";
    let config: Config = load(yaml, &BTreeMap::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let transports = transports(way, schema, &config);
    let gateway = runtime.block_on(async { Gateway::builder(config, Arc::clone(schema), transports).build().unwrap() });
    Bench { runtime, gateway }
}

/// A gateway on one thread.
struct Bench {
    runtime: Runtime,
    gateway: Gateway,
}

impl Bench {
    fn repeat(&self, rounds: u64, mut one: impl AsyncFnMut()) {
        let mut several = |rounds: u64| {
            self.runtime.block_on(async {
                for _ in 0..rounds {
                    one().await;
                }
            });
        };
        several(WARM_UP);
        count_instructions_of(&mut || several(rounds));
    }

    fn prepares(&self, scenario: &Scenario, rounds: u64) {
        let (pipeline, request) = (self.gateway.pipeline(), request(scenario));
        self.repeat(rounds, async || drop(black_box(pipeline.prepare(&request).await.unwrap())));
    }

    fn runs(&self, scenario: &Scenario, rounds: u64) {
        let (pipeline, request) = (self.gateway.pipeline(), request(scenario));
        let prepared = self.runtime.block_on(pipeline.prepare(&request)).unwrap();
        let mut request = Some(request);
        let caller = Caller::new(Identity::default(), CorrelationId::generate());
        self.repeat(rounds, async || {
            // A request owns its text and variables, which come with it from the socket.
            let next = request.clone().unwrap();
            let this = request.replace(next).unwrap();
            let response = pipeline.execute(&prepared, this, &caller, false).await;
            assert!(response.errors.is_empty());
            black_box(response.to_bytes());
        });
    }

    /// The client is a process of its own, which is not counted.
    fn serves(&self, scenario: &Scenario, rounds: u64) {
        let listener = self.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = self.gateway.clone();
        self.runtime.spawn(async move { gateway.serve(listener, CancellationToken::new()).await });
        let ask = |rounds: u64| {
            let mut client = tokio::process::Command::new(std::env::current_exe().unwrap());
            client.args(["--client", &address.to_string(), scenario.name, &rounds.to_string()]).stdin(Stdio::null());
            self.runtime.block_on(async { assert!(client.status().await.unwrap().success()) });
        };
        ask(WARM_UP);
        count_instructions_of(&mut || ask(rounds));
    }
}

fn request(scenario: &Scenario) -> GraphqlRequest {
    GraphqlRequest::from_json(serde_json::json!({ "query": scenario.query(0), "variables": scenario.variables }))
        .unwrap()
}
