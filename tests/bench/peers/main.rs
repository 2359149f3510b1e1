//! Our gateway against a peer, Hive Router, on the same requests over the same subgraphs.
//!
//! Each gateway has one core; the subgraphs, which replay recorded bytes, and the load generator have the other. Rounds
//! alternate between the two, and answers are compared before anything is measured. `make bench-peers` runs it where
//! `HIVE_ROUTER` names the peer's binary; `SELVEDGE` names ours if it is not the released one. `-- --seconds 2 --rounds 2
//! --only large` makes it shorter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a benchmark may unwrap, and prints its table"
)]

mod data;
mod figures;
mod gateways;
mod http;
mod load;
#[path = "../machine.rs"]
mod machine;
#[path = "../measured.rs"]
mod measured;
#[path = "../pin.rs"]
mod pin;
mod processor_time;
mod replay;
#[path = "../report.rs"]
mod report;
#[path = "../resident.rs"]
mod resident;
mod resolve;
mod scenarios;
mod supergraph;

use std::{path::PathBuf, rc::Rc, time::Duration};

use gateways::{Kind, Running};
use measured::Measured;
use replay::Replay;
use report::Report;
use scenarios::Scenario;

/// Where a gateway runs.
const GATEWAY_CORE: usize = 0;
/// Where the subgraphs and the load generator run.
const OTHER_CORE: usize = 1;
/// Kept connections, each with one request under way.
const CONNECTIONS: usize = 50;
const WARM_UP: Duration = Duration::from_secs(2);

/// What the command line says.
struct Options {
    round: Duration,
    rounds: usize,
    /// Scenarios whose name has this in it.
    only: Option<String>,
}

fn main() {
    let number = |name: &str, default: u64| argument(name).map_or(default, |text| text.parse().expect("a number"));
    let options = Options {
        round: Duration::from_secs(number("--seconds", 5)),
        rounds: usize::try_from(number("--rounds", 3)).unwrap(),
        only: argument("--only"),
    };
    let Some(peer) = gateways::path_of("HIVE_ROUTER") else {
        println!("NOT RUN: `HIVE_ROUTER` names no binary of Hive Router, the peer that this benchmark compares with.");
        println!("  cargo install hive-router --version 0.3.10 --features graphiql --locked");
        println!("  HIVE_ROUTER=~/.cargo/bin/hive_router make bench-peers");
        return;
    };
    let ours = gateways::path_of("SELVEDGE").unwrap_or_else(gateways::released);
    assert!(ours.is_file(), "{} is not there: `cargo build --release --bin selvedge` makes it", ours.display());
    pin::pin_this_process(OTHER_CORE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, measure(options, [ours, peer]));
}

fn argument(name: &str) -> Option<String> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).cloned()
}

async fn measure(options: Options, [ours, peer]: [PathBuf; 2]) {
    let replay = Rc::new(Replay::start().await);
    let mut report = Report::against("Hive Router");
    for scenario in scenarios::all() {
        if options.only.as_ref().is_some_and(|only| !scenario.name.contains(only.as_str())) {
            continue;
        }
        let folder = tempfile::TempDir::new().unwrap();
        let mut ours = Running::start(Kind::Ours, &ours, &scenario, &replay, folder.path()).await;
        let mut peer = Running::start(Kind::Peer, &peer, &scenario, &replay, folder.path()).await;
        println!("{}: {} rounds of {} s each way", scenario.name, options.rounds, options.round.as_secs());
        compare(&scenario, (&ours, &peer), &replay).await;
        let results = run(&options, &scenario, (&mut ours, &mut peer)).await;
        assert_eq!(replay.unknown(), 0, "subgraphs were asked for what they do not know");
        figures::add(&mut report, &scenario, &results);
    }
    report.print();
    report.write("peers");
}

/// What is compared must be the same answer, and the right one.
async fn compare(scenario: &Scenario, (ours, peer): (&Running, &Running), replay: &Replay) {
    let expected = resolve::whole(scenario, replay.store());
    let mut requests = Vec::new();
    for gateway in [ours, peer] {
        let before = replay.answered();
        let answer = load::ask_once(gateway.address(), &scenario.request(0)).await;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, expected, "{} of {}", scenario.name, gateway.name());
        requests.push(replay.answered() - before);
    }
    let bytes = expected.to_string().len();
    println!("  {bytes} bytes; subgraph requests: {} of ours, {} of the peer's", requests[0], requests[1]);
}

/// One gateway's figures.
pub(crate) struct Results {
    pub(crate) load: Measured,
    pub(crate) cpu: Duration,
    pub(crate) start_bytes: u64,
    pub(crate) load_bytes: u64,
}

async fn run(options: &Options, scenario: &Scenario, (ours, peer): (&mut Running, &mut Running)) -> [Results; 2] {
    let mut results = [ours.begin(), peer.begin()];
    let gateways = [ours, peer];
    for gateway in &gateways {
        load::run(gateway.address(), scenario, CONNECTIONS, WARM_UP).await;
    }
    for _ in 0..options.rounds {
        for (gateway, results) in gateways.iter().zip(&mut results) {
            let before = gateway.cpu();
            let measured = load::run(gateway.address(), scenario, CONNECTIONS, options.round).await;
            results.cpu += gateway.cpu() - before;
            results.load_bytes = results.load_bytes.max(gateway.resident_bytes());
            results.load.add(measured);
        }
    }
    results
}
