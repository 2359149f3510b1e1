//! Each trip of a layer is counted: what is measured when subgraphs fail, and when requests are shared or shed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

mod subgraph_support;
mod upstream_support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use futures::future::join_all;
use metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use selvedge_gateway::{
    config::{CircuitBreakerConfig, ConcurrencyConfig, RetryConfig, SubgraphConfig},
    operation::OperationKind::{Mutation, Query},
};
use serde_json::json;
use subgraph_support::{
    Subgraph, ask,
    gateway::{TestGateway, serve},
    json as answer,
    proxy::{Fault, Proxy},
};

use upstream_support::{BODY, LiveSubgraph, config as live_config, eventually, open, subscription};

/// Counters and gauges by name and labels.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Recorded, String);

impl Cell {
    fn change(&self, act: impl FnOnce(&mut f64)) {
        act(self.0.0.lock().unwrap().entry(self.1.clone()).or_default());
    }
}

#[expect(clippy::cast_precision_loss, reason = "tests count to hundreds")]
impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.change(|cell| *cell += value as f64);
    }

    fn absolute(&self, value: u64) {
        self.change(|cell| *cell = value as f64);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, value: f64) {
        self.change(|cell| *cell += value);
    }

    fn decrement(&self, value: f64) {
        self.change(|cell| *cell -= value);
    }

    fn set(&self, value: f64) {
        self.change(|cell| *cell = value);
    }
}

impl Recorded {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Cell(self.clone(), format!("{} {}", key.name(), labels.join(" "))))
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// What has been recorded under `name`, which begins with the metric and its labels; subgraphs of different tests have
/// different names.
fn recorded(name: &str) -> f64 {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    let recorded = RECORDED.get_or_init(|| {
        let recorded = Recorded::default();
        metrics::set_global_recorder(recorded.clone()).ok().unwrap();
        recorded
    });
    let cells = recorded.0.lock().unwrap();
    cells.iter().filter(|(cell, _)| cell.starts_with(name)).map(|(_, value)| value).sum()
}

fn stack(name: &str, url: &str, config: &SubgraphConfig) -> selvedge_gateway::subgraph::SubgraphTransport {
    recorded("");
    selvedge_gateway::subgraph::http_stack(name, url, config).unwrap()
}

#[tokio::test]
async fn retries_and_the_states_of_the_circuit_are_counted() {
    let subgraph = Subgraph::fixed();
    let proxy = Proxy::to(subgraph.listen().await).await;
    let config = SubgraphConfig {
        retry: RetryConfig {
            max_retries: 1,
            budget_percent: 0,
            budget_min_per_s: 1,
            backoff_ms: 0,
            ..Default::default()
        },
        circuit_breaker: CircuitBreakerConfig { min_requests: 20, open_ms: 1_000, probes: 1, ..Default::default() },
        ..SubgraphConfig::default()
    };
    let transport = stack("broken", &proxy.url(), &config);
    proxy.set(Fault::Reset);
    while ask(&transport, Query).await.unwrap_err().code() != "SUBGRAPH_CIRCUIT_OPEN" {}
    // One retry a second, saved up over 10 s.
    assert!(recorded("selvedge_subgraph_retries_total subgraph=broken outcome=retried") >= 8.0);
    assert_eq!(recorded("selvedge_subgraph_circuit_state subgraph=broken"), 2.0);
    let refused = "selvedge_subgraph_requests_total subgraph=broken kind=query outcome=SUBGRAPH_CIRCUIT_OPEN";
    assert_eq!(recorded(refused), 1.0);
    tokio::time::sleep(Duration::from_millis(1_010)).await;
    assert_eq!(ask(&transport, Mutation).await.unwrap_err().code(), "SUBGRAPH_INTERRUPTED", "a probe");
    proxy.set(Fault::None);
    tokio::time::sleep(Duration::from_millis(1_010)).await;
    ask(&transport, Query).await.unwrap();
    for (to, times) in [("open", 2.0), ("half_open", 2.0), ("closed", 1.0)] {
        let name = format!("selvedge_subgraph_circuit_transitions_total subgraph=broken to={to}");
        assert_eq!(recorded(&name), times, "{to}");
    }
    assert_eq!(recorded("selvedge_subgraph_circuit_state subgraph=broken"), 0.0);
    assert_eq!(recorded("selvedge_subgraph_requests_total subgraph=broken kind=query outcome=OK"), 1.0);
}

#[tokio::test]
async fn what_is_shared_or_shed_towards_a_subgraph_is_counted() {
    let subgraph = Subgraph::fixed();
    *subgraph.pause.lock().unwrap() = Duration::from_millis(1_000);
    let url = format!("http://{}/graphql", subgraph.listen().await);
    let transport = stack("shared", &url, &SubgraphConfig::default());
    join_all((0..5).map(|_| ask(&transport, Query))).await;
    assert_eq!(recorded("selvedge_subgraph_deduplicated_total subgraph=shared"), 4.0);
    assert_eq!(recorded("selvedge_subgraph_requests_total subgraph=shared kind=query outcome=OK"), 5.0);
    let concurrency = ConcurrencyConfig { max_requests: Some(1), max_waiting: 1, max_wait_ms: 20 };
    let config = SubgraphConfig { deduplicate: false, concurrency, ..SubgraphConfig::default() };
    let transport = stack("full", &url, &config);
    join_all((0..5).map(|_| ask(&transport, Query))).await;
    assert_eq!(recorded("selvedge_subgraph_shed_total subgraph=full why=queue_full"), 3.0);
    assert_eq!(recorded("selvedge_subgraph_shed_total subgraph=full why=waited_too_long"), 1.0);
}

#[tokio::test]
async fn connections_for_subscriptions_are_counted() {
    let subgraph = LiveSubgraph::start().await;
    let transport = stack("live", &subgraph.url(), &live_config(|config| config.max_operations = 2));
    let count = |what: &str| recorded(&format!("selvedge_subgraph_socket{what}"));
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(open(&transport, subscription(None, BODY)).await.unwrap());
    }
    let both = || (count("s subgraph=live"), count("_operations subgraph=live"));
    eventually("all are counted", || both() == (2.0, 3.0)).await;
    assert_eq!(count("_connects_total subgraph=live outcome=opened"), 2.0);
    assert_eq!(count("_reconnects_total subgraph=live"), 0.0);
    let subgraph = subgraph.restart(Duration::from_millis(1)).await;
    eventually("all are gone", || both() == (0.0, 0.0)).await;
    assert_eq!(count("_ends_total subgraph=live cause=lost"), 2.0);
    drop(streams);
    let stream = open(&transport, subscription(None, BODY)).await.unwrap();
    assert_eq!(count("_reconnects_total subgraph=live"), 1.0);
    drop(stream);
    eventually("it is closed", || count("_ends_total subgraph=live cause=idle") == 1.0).await;
    assert_eq!(both(), (0.0, 0.0));
    drop(subgraph);
    open(&transport, subscription(None, BODY)).await.err().unwrap();
    assert_eq!(count("_connects_total subgraph=live outcome=failed"), 1.0);
}

#[tokio::test]
async fn what_is_shared_or_shed_at_the_door_is_counted() {
    recorded("");
    let first = Subgraph::new(|_| answer("{\"data\":{\"me\":\"m\"}}"));
    *first.pause.lock().unwrap() = Duration::from_millis(1_000);
    let urls = [serve(&first).await, serve(&Subgraph::fixed()).await];
    let config = json!({ "traffic": { "deduplicate_requests": true }, "server": { "max_concurrent_requests": 4 } });
    let gateway = TestGateway::start(config, urls).await;
    join_all((0..6).map(|_| gateway.post("{ me }", &[]))).await;
    assert_eq!(recorded("selvedge_requests_deduplicated_total"), 3.0);
    assert_eq!(recorded("selvedge_requests_shed_total"), 2.0);
}
