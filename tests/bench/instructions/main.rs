//! How many instructions a request costs, stage by stage, counted by callgrind.
//!
//! Counts do not depend on what else the machine does, and repeat to a fraction of a percent. The benchmark runs itself
//! under valgrind once for each stage; what is counted is the thread that answers, never the subgraphs or the client.
//! `make bench-instructions` runs it.
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

#[allow(dead_code, reason = "the comparison with the peer uses all of it")]
#[path = "../peers/data.rs"]
mod data;
#[allow(dead_code, reason = "the comparison with the peer uses all of it")]
#[path = "../peers/http.rs"]
mod http;
#[allow(dead_code, reason = "the comparison with the peer uses all of it")]
#[path = "../peers/replay.rs"]
mod replay;
#[allow(dead_code, reason = "the comparison with the peer uses all of it")]
#[path = "../peers/resolve.rs"]
mod resolve;
#[allow(dead_code, reason = "the comparison with the peer uses all of it")]
#[path = "../peers/scenarios.rs"]
mod scenarios;
#[path = "../peers/supergraph.rs"]
mod supergraph;

mod client;
mod stages;
mod transports;
mod valgrind;

use std::{fs, io::Read};

use scenarios::Scenario;
use serde_json::{Value, json};
use stages::Stage;

/// The scenarios of the comparison with the peer that are counted.
const SCENARIOS: [&str; 2] = ["shop", "large, nothing shared"];
const ROUNDS: u64 = 200;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |place: usize| arguments.get(place).map(String::as_str).unwrap_or_default();
    match argument(0) {
        "--subgraphs" => serve_subgraphs(),
        "--client" => client::ask(argument(1), &scenario(argument(2)), argument(3).parse().unwrap()),
        "--stage" => {
            let stage = Stage::ALL.into_iter().find(|stage| stage.name() == argument(1)).expect("a stage");
            stages::run(stage, &scenario(argument(2)), argument(3), argument(4).parse().unwrap());
        }
        // What cargo adds.
        _ => measure(),
    }
}

fn scenario(name: &str) -> Scenario {
    scenarios::all().into_iter().find(|scenario| scenario.name == name).expect("a scenario")
}

/// Subgraphs that replay, until the standard input ends; says where they are.
fn serve_subgraphs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let replay = replay::Replay::start().await;
        println!("{}", replay.url(""));
        let ends = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        ends.await.unwrap().unwrap();
        assert_eq!(replay.unknown(), 0, "subgraphs were asked for what they do not know");
    });
}

fn measure() {
    if !valgrind::is_there() {
        println!("NOT RUN: `valgrind` is not there, which counts the instructions (apt-get install valgrind)");
        std::process::exit(1);
    }
    let mut rows = Vec::new();
    println!("instructions a request, thousands\n\n{:<54} {:>12} {:>24}", "", SCENARIOS[0], SCENARIOS[1]);
    for stage in Stage::ALL {
        let counts = SCENARIOS.map(|scenario| valgrind::count(stage, scenario, ROUNDS / stage.weight()));
        let shown = counts.map(|count| count.map_or_else(|| "-".to_owned(), |count| format!("{:.1}", count / 1_000.0)));
        println!("{:<54} {:>12} {:>24}", stage.name(), shown[0], shown[1]);
        for (scenario, count) in SCENARIOS.into_iter().zip(counts) {
            rows.extend(count.map(|count| row(scenario, stage.name().trim(), count)));
        }
    }
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(3).unwrap().join("bench");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("instructions.json");
    fs::write(&file, serde_json::to_string_pretty(&rows).unwrap() + "\n").unwrap();
    println!("\nwritten to {}", file.display());
}

fn row(scenario: &str, figure: &str, count: f64) -> Value {
    json!({
        "scenario": scenario, "figure": figure, "value": count.round(), "unit": "instructions",
        "baseline": null, "baseline_value": null, "ratio": null, "machine": "callgrind",
    })
}
