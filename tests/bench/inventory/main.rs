//! Reservations a second and their latency, against the plain way: an update of the one row with its condition, and the
//! event row, in a transaction of its own.
//!
//! Both on one PostgreSQL that this starts, with durable commits (`fsync`, `synchronous_commit`), and both in this process,
//! so that what is compared is what happens between the call and the answer. Rounds alternate. `cargo bench -p
//! selvedge-inventory --bench inventory -- --seconds 2 --rounds 1` is shorter. At the end the ledger is verified.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may unwrap, and prints its table"
)]

#[path = "../machine.rs"]
mod machine;
#[path = "../measured.rs"]
mod measured;
#[allow(dead_code, unreachable_pub, reason = "the kill test uses all of it, as part of its support")]
#[path = "../../support/postgres.rs"]
mod postgres;
#[path = "../report.rs"]
mod report;

mod expiry;
mod ours;
mod plain;
mod stock;

use std::time::Duration;

use measured::Measured;
use ours::Ours;
use plain::Plain;
use postgres::Postgres;
use rand::random_range;
use report::Report;
use stock::Warehouse;
use tokio::{task::JoinSet, time::Instant};

const BASELINE: &str = "one-row update and event row in a transaction of its own";
const SECONDS: u64 = 5;
const ROUNDS: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(2);
/// All but the first are cold.
const SKUS: usize = 10_001;

/// Name, clients, and which SKUs they want.
const SCENARIOS: [(&str, usize, Wanted); 3] = [
    ("one hot SKU, 64 clients", 64, Wanted::Hot),
    ("one hot SKU, 256 clients", 256, Wanted::Hot),
    ("10,000 cold SKUs, 64 clients", 64, Wanted::Cold),
];

/// Which SKUs clients want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Hot,
    Cold,
}

impl Wanted {
    /// Index of a SKU.
    fn choose(self) -> usize {
        match self {
            Self::Hot => 0,
            Self::Cold => random_range(1..SKUS),
        }
    }
}

/// A way to reserve one piece.
trait Way: Clone + Send + 'static {
    /// What a client keeps between its reservations.
    type Client: Send + 'static;

    /// A client.
    fn client(&self) -> impl Future<Output = Self::Client> + Send;

    /// Reserves a piece of the SKU with this index.
    fn reserve(&self, client: &mut Self::Client, sku: usize) -> impl Future<Output = ()> + Send;
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

/// The number behind `name` on the command line.
fn argument(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name)?;
    Some(arguments[place + 1].parse().expect("a number"))
}

async fn measure() {
    let settings = &["max_connections=400", "shared_buffers=256MB", "track_commit_timestamp=on", "max_wal_size=4GB"];
    let postgres = Postgres::start("the benchmark", settings).expect("PostgreSQL");
    let (round, rounds) =
        (Duration::from_secs(argument("--seconds").unwrap_or(SECONDS)), argument("--rounds").unwrap_or(ROUNDS));
    let plain = Plain::new(Warehouse::open(&postgres.url(), "plain", SKUS).await);
    let ours = Ours::new(Warehouse::open(&postgres.url(), "ours", SKUS).await);
    println!("{rounds} rounds of {} s each way, alternating", round.as_secs());

    let mut report = Report::against(BASELINE);
    for (scenario, clients, wanted) in SCENARIOS {
        let [mut of_plain, mut of_ours] = [Measured::new(), Measured::new()];
        run(&plain, clients, wanted, WARM_UP).await;
        run(&ours, clients, wanted, WARM_UP).await;
        for _ in 0..rounds {
            of_plain.add(run(&plain, clients, wanted, round).await);
            of_ours.add(run(&ours, clients, wanted, round).await);
        }
        report.add((scenario, "reservations a second", "1/s"), of_ours.rate(), Some(of_plain.rate()));
        for (figure, quantile) in [("latency, median", 0.5), ("latency, 99th percentile", 0.99)] {
            let (value, baseline) = (of_ours.latency_ms(quantile), of_plain.latency_ms(quantile));
            report.add((scenario, figure, "ms"), value, Some(baseline));
        }
    }
    expiry::measure(&mut report, &ours).await;
    ours.warehouse.assert_verified().await;
    report.print();
    report.write("inventory");
}

/// Each client waits for its answer before it asks again.
async fn run<W: Way>(way: &W, clients: usize, wanted: Wanted, duration: Duration) -> Measured {
    let mut ready = Vec::new();
    for _ in 0..clients {
        ready.push(way.client().await);
    }
    let began = Instant::now();
    let end = began + duration;
    let mut asking = JoinSet::new();
    for mut client in ready {
        let way = way.clone();
        asking.spawn(async move {
            let mut latencies_us = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                way.reserve(&mut client, wanted.choose()).await;
                latencies_us.push(u64::try_from(asked.elapsed().as_micros()).unwrap());
            }
            latencies_us
        });
    }
    Measured::of(asking, began).await
}
