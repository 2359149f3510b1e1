//! Requests a second, latency and memory of the gateway on the query of the shop, against the naive way: the client
//! asks the three subgraphs one after the other and puts the page together by itself.
//!
//! All servers share one core and the load generator has another. The ways alternate, so that what else happens on the
//! machine happens to all of them. `cargo bench --bench gateway -- --seconds 2` makes the rounds shorter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may unwrap, and prints its table"
)]

#[path = "../../support/mod.rs"]
mod support;

#[path = "../machine.rs"]
mod machine;
#[path = "../measured.rs"]
mod measured;
#[path = "../pin.rs"]
mod pin;

#[path = "../report.rs"]
mod report;
#[path = "../resident.rs"]
mod resident;

mod figures;
mod load;
mod servers;
mod ways;

use std::time::Duration;

use measured::Measured;
use report::Report;
use servers::Servers;
use ways::{Gateway, Naive, Way};

/// Where the servers run.
const SERVER_CORE: usize = 0;
/// Where the load generator runs.
const CLIENT_CORE: usize = 1;
/// Shoppers who each wait for their page before they ask for the next.
const SHOPPERS: usize = 32;
const WARM_UP: Duration = Duration::from_secs(3);
const ROUNDS: usize = 2;
/// The first scenario: `selvedge up`.
/// The way that the others are compared with.
const BASELINE: &str = "client asks the three subgraphs, one after the other";
const ONE_PROCESS: &str = "gateway and subgraphs in one process";
/// The second: the distributed form, without its servers.
const FOUR_PROCESSES: &str = "gateway before three subgraph processes";
/// Of one way in one round.
const ROUND: Duration = Duration::from_secs(5);

fn main() {
    let round = argument("--seconds").map_or(ROUND, Duration::from_secs);
    pin::pin_this_process(CLIENT_CORE);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure(round));
}

/// The number behind `name` on the command line.
fn argument(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name)?;
    Some(arguments[place + 1].parse().expect("a number"))
}

async fn measure(round: Duration) {
    let servers = Servers::start(SERVER_CORE).await;
    let embedded = Gateway::new(servers.embedded_address());
    let distributed = Gateway::new(servers.gateway_address());
    let naive = Naive::new(servers.subgraph_addresses());
    let idle =
        [servers.embedded_resident_bytes(), servers.gateway_resident_bytes(), servers.subgraphs_resident_bytes()];
    // What is compared must be the same page.
    let page = distributed.page().await;
    assert_eq!(page["products"]["nodes"].as_array().unwrap().len(), 20);
    assert_eq!(page, naive.page().await);
    println!("{SHOPPERS} shoppers, {ROUNDS} rounds of {} s each way, alternating\n", round.as_secs());

    load::run(&embedded, SHOPPERS, WARM_UP).await;
    load::run(&distributed, SHOPPERS, WARM_UP).await;
    load::run(&naive, SHOPPERS, WARM_UP).await;
    let [mut of_embedded, mut of_distributed, mut of_naive] = [Measured::new(), Measured::new(), Measured::new()];
    for _ in 0..ROUNDS {
        of_embedded.add(load::run(&embedded, SHOPPERS, round).await);
        of_naive.add(load::run(&naive, SHOPPERS, round).await);
        of_distributed.add(load::run(&distributed, SHOPPERS, round).await);
    }

    let busy =
        [servers.embedded_resident_bytes(), servers.gateway_resident_bytes(), servers.subgraphs_resident_bytes()];
    let mut report = Report::against(BASELINE);
    figures::compare(&mut report, ONE_PROCESS, &of_embedded, &of_naive);
    figures::compare(&mut report, FOUR_PROCESSES, &of_distributed, &of_naive);
    for (figure, [embedded, gateway, subgraphs]) in [("resident memory, idle", idle), ("resident memory, after", busy)]
    {
        figures::compare_memory(&mut report, (ONE_PROCESS, figure), [embedded, subgraphs]);
        figures::compare_memory(&mut report, (FOUR_PROCESSES, figure), [gateway + subgraphs, subgraphs]);
    }
    let warm_start_ms = servers.warm_start().as_secs_f64() * 1_000.0;
    report.add((ONE_PROCESS, "warm start, until it listens", "ms"), warm_start_ms, None);
    report.print();
    report.write("gateway");
}
