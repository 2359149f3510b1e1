//! The cache of answers over a running shop: how much it finds, how much faster pages are, and how long a change of
//! stock stays unseen, with a stream of changes.
//!
//! Two shops in one process each, one with the cache and one without, share a core; the load generator has the other.
//! Rounds alternate. `make bench-cache` runs it; `-- --seconds 3 --rounds 1 --changes 100` makes it shorter or another.
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
mod figures;
#[path = "../peers/http.rs"]
mod http;
#[path = "../machine.rs"]
mod machine;
#[path = "../pin.rs"]
mod pin;
mod readers;
#[path = "../report.rs"]
mod report;
mod results;
mod scenarios;
mod shop;
mod truth;

use std::{sync::Arc, time::Duration};

use report::Report;
use results::Results;
use scenarios::Scenario;
use shop::Shop;

/// Where the servers run.
const SERVER_CORE: usize = 0;
/// Where the load generator runs.
const CLIENT_CORE: usize = 1;
/// Shoppers who each wait for their page before they ask for the next.
const READERS: usize = 32;
/// The products of the shop, and those of them that pages are asked of.
const PRODUCTS: usize = 2_000;
const SHOWN_PRODUCTS: usize = 500;
const WARM_UP: Duration = Duration::from_secs(2);

/// What the command line says.
struct Options {
    round: Duration,
    rounds: usize,
    changes_per_second: u64,
}

fn main() {
    let options = Options {
        round: Duration::from_secs(argument("--seconds").unwrap_or(5)),
        rounds: usize::try_from(argument("--rounds").unwrap_or(3)).unwrap(),
        changes_per_second: argument("--changes").unwrap_or(100),
    };
    pin::pin_this_process(CLIENT_CORE);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure(&options));
}

/// The number behind `name` on the command line.
fn argument(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name)?;
    Some(arguments[place + 1].parse().expect("a number"))
}

async fn measure(options: &Options) {
    let shops = [Arc::new(Shop::start(true).await), Arc::new(Shop::start(false).await)];
    println!(
        "{READERS} readers of {SHOWN_PRODUCTS} products, {} changes of stock a second, {} rounds of {} s each, alternating\n",
        options.changes_per_second,
        options.rounds,
        options.round.as_secs()
    );
    let mut report = Report::against("without the cache");
    for scenario in Scenario::ALL {
        let mut results = [Results::new(), Results::new()];
        for shop in &shops {
            run(shop, scenario, options.changes_per_second, WARM_UP).await;
        }
        for _ in 0..options.rounds {
            for (shop, results) in shops.iter().zip(&mut results) {
                results.add(&run(shop, scenario, options.changes_per_second, options.round).await);
            }
        }
        figures::add(&mut report, scenario, &results);
    }
    report.print();
    report.write("cache");
}

/// Reads and changes for `duration`.
async fn run(shop: &Arc<Shop>, scenario: Scenario, changes_per_second: u64, duration: Duration) -> Results {
    let before = shop.lookups().await;
    let end = tokio::time::Instant::now() + duration;
    let (read, changed) =
        tokio::join!(readers::run(shop, scenario, READERS, end), changes::run(shop, scenario, changes_per_second, end));
    let mut results = read;
    results.add(&changed);
    results.lookups = shop.lookups().await.since(&before);
    results.elapsed = duration;
    results
}
