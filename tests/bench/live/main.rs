//! Badges for many: memory of idle subscribers, commit to client, messages a second, clients that stall; our gateway
//! against a peer, Hive Router, before the same inventory process.
//!
//! Each gateway has one core; inventory, PostgreSQL, Redis, those who change stock and the load generators have the other.
//! Rounds alternate between the two, each on a gateway that was just started. `make bench-live` runs it; `HIVE_ROUTER`
//! names the peer's binary, without which ours runs alone. `docs/benchmarks.md` has the variables that make it shorter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may unwrap, and prints its table"
)]

#[path = "../../support/mod.rs"]
mod support;

mod changes;
mod connection;
mod count;
mod figures;
mod frame;
mod gateways;
mod generator;
#[path = "../peers/http.rs"]
mod http;
mod load;
#[path = "../machine.rs"]
mod machine;
mod measure;
mod message;
mod orders;
#[path = "../pin.rs"]
mod pin;
#[path = "../peers/processor_time.rs"]
mod processor_time;
#[path = "../report.rs"]
mod report;
#[path = "../resident.rs"]
mod resident;
mod results;
mod scenarios;
mod shop;
mod socket;

use std::{path::PathBuf, sync::Arc, time::Duration};

use gateways::Kind;
use report::Report;
use results::Results;
use shop::Shop;

/// Where a gateway runs.
const GATEWAY_CORE: usize = 0;
/// Where everything else runs.
const OTHER_CORE: usize = 1;
/// Files that a process has open beside the sockets of subscribers: streams of inventory are one file each, at worst.
const OTHER_FILES: usize = 1_200;

/// What the environment says.
pub(crate) struct Options {
    pub(crate) sockets: usize,
    /// The most sockets of one process.
    pub(crate) most: usize,
    /// Subscribers where there are many.
    pub(crate) many: usize,
    pub(crate) skus: usize,
    pub(crate) changes: u64,
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
    /// Scenarios whose name has this in it.
    pub(crate) only: Option<String>,
}

fn main() {
    if std::env::args().any(|argument| argument == load::ROLE) {
        generator::run();
        return;
    }
    let number = |name: &str, otherwise: usize| setting(name).map_or(otherwise, |text| text.parse().expect("a number"));
    let options = Options {
        sockets: number("LIVE_SOCKETS", 10_000),
        most: number("LIVE_MOST", open_files().saturating_sub(OTHER_FILES)),
        many: number("LIVE_MANY", 100_000),
        skus: number("LIVE_SKUS", 1_000),
        changes: number("LIVE_CHANGES", 100) as u64,
        duration: Duration::from_secs(number("LIVE_SECONDS", 15) as u64),
        rounds: number("LIVE_ROUNDS", 2),
        only: setting("LIVE_ONLY"),
    };
    let ours = gateways::path_of("SELVEDGE").unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_selvedge")));
    let mut binaries = vec![(Kind::Ours, ours)];
    match gateways::path_of("HIVE_ROUTER") {
        Some(peer) => binaries.push((Kind::Peer, peer)),
        None => println!("NOT RUN: the peer; `HIVE_ROUTER` names no binary of Hive Router (docs/benchmarks.md)"),
    }
    pin::pin_this_process(OTHER_CORE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&options, &binaries));
}

#[allow(clippy::disallowed_methods, reason = "how long and how many is said by the environment")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// How many files a process may have open.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

async fn run(options: &Options, binaries: &[(Kind, PathBuf)]) {
    let Some(shop) = Shop::open(options.skus).await else { return };
    let shop = Arc::new(shop);
    println!(
        "{}\ngateways on core {GATEWAY_CORE}; inventory, PostgreSQL, Redis, writers and load generators on core {OTHER_CORE}\n",
        machine::describe()
    );
    let mut report = Report::against("Hive Router");
    for scenario in scenarios::all(options) {
        if options.only.as_ref().is_some_and(|only| !scenario.name.contains(only.as_str())) {
            continue;
        }
        println!("{}", scenario.name);
        let mut results: Vec<Results> = binaries.iter().map(|_| Results::new()).collect();
        for round in 0..scenario.rounds {
            for ((kind, binary), results) in binaries.iter().zip(&mut results) {
                let measured = measure::measure((*kind, binary), &shop, &scenario).await;
                println!("  round {}, {}", round + 1, figures::in_short(*kind, &scenario, &measured));
                results.add(&measured);
            }
        }
        figures::add(&mut report, &scenario, &results);
        // Long: what is known is kept.
        report.write("live");
    }
    report.print();
}
