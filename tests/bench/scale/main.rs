//! What a large shop costs: the same operations on a shop of a million stock levels over 800 locations, and on one of a
//! twentieth of it. Where the ratio is near one, an operation costs what it answers and not what the shop holds.
//!
//! At the end, how PostgreSQL plans the statements of each operation is written to `target/bench/scale-plans.md`.
//!
//! `make bench-scale` runs it on SQLite, and on PostgreSQL too where `TEST_POSTGRES_URL` names a server.
//! `cargo bench --bench scale -- --products 2000 --asks 50` makes it shorter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark may unwrap, and prints its table"
)]

#[path = "../../support/mod.rs"]
mod support;

#[path = "../machine.rs"]
mod machine;
#[path = "../report.rs"]
mod report;

mod operations;
mod plans;
mod shop;

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use self::{
    operations::{Operation, operations},
    report::Report,
    shop::{Engine, Figures, Shop},
};

/// Products that make a million levels.
const PRODUCTS: u64 = 20_000;
const LOCATIONS: u64 = 800;
/// The small shop is so many times smaller.
const SMALLER: u64 = 20;
/// How often each operation is asked, one after the other.
const ASKS: u64 = 300;

#[tokio::main]
async fn main() {
    let products = argument("--products").unwrap_or(PRODUCTS);
    let asks = argument("--asks").unwrap_or(ASKS);
    let mut report = Report::against("a shop of a twentieth");
    for engine in [Some(Engine::sqlite()), Engine::postgres()].into_iter().flatten() {
        println!("{}: filling a shop of {} products, then one of {products}", engine.name(), products / SMALLER);
        let small = measure(&engine, products / SMALLER, asks).await;
        let large = measure(&engine, products, asks).await;
        add(&mut report, engine.name(), (&large, &small));
    }
    report.print();
    report.write("scale");
}

/// The number behind `name` on the command line.
fn argument(name: &str) -> Option<u64> {
    let arguments: Vec<String> = std::env::args().collect();
    let place = arguments.iter().position(|argument| argument == name)?;
    Some(arguments[place + 1].parse().expect("a number"))
}

/// What was measured of one shop.
struct Measured {
    figures: Figures,
    /// By operation, in microseconds.
    latencies: Vec<(&'static str, Histogram<u64>)>,
    resident_bytes: u64,
}

async fn measure(engine: &Engine, products: u64, asks: u64) -> Measured {
    let (shop, figures) = Shop::fill(engine, products, LOCATIONS).await;
    let mut latencies = Vec::new();
    for operation in operations(&shop).await {
        latencies.push((operation.name, ask(&shop, &operation, asks).await));
    }
    let resident_bytes = shop.resident_bytes();
    if let Some(database_url) = &shop.database_url {
        plans::write(database_url, &operations(&shop).await).await;
    }
    shop.end().await;
    Measured { figures, latencies, resident_bytes }
}

async fn ask(shop: &Shop, operation: &Operation, asks: u64) -> Histogram<u64> {
    let mut latencies_us = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
    // What every answer needs once, such as prepared statements, is not measured.
    for number in 0..asks + 10 {
        let variables = (operation.variables)(number);
        let began = Instant::now();
        let answer = shop.ask(operation.text, variables, operation.by_staff).await;
        let took = began.elapsed();
        assert!(!answer.is_null(), "{} was answered with nothing", operation.name);
        if number >= 10 {
            latencies_us.record(micros(took)).unwrap();
        }
    }
    latencies_us
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap().max(1)
}

fn add(report: &mut Report, engine: &str, (large, small): (&Measured, &Measured)) {
    let scenario = format!("{engine}, filling");
    let both = |of: fn(&Figures) -> f64| (of(&large.figures), Some(of(&small.figures)));
    let (value, baseline) = both(|figures| figures.levels as f64);
    report.add((&scenario, "stock levels", ""), value, baseline);
    let (value, baseline) = both(|figures| figures.levels as f64 / figures.took.as_secs_f64());
    report.add((&scenario, "stock levels a second", "1/s"), value, baseline);
    let (value, baseline) = both(|figures| mebibytes(figures.peak_bytes));
    report.add((&scenario, "memory of the import, at most", "MiB"), value, baseline);
    let (value, baseline) = both(|figures| figures.levels as f64 / figures.projected.as_secs_f64());
    report.add((&scenario, "levels a second projected (low stock)", "1/s"), value, baseline);
    let (value, baseline) = both(|figures| figures.levels as f64 / figures.verified.as_secs_f64());
    report.add((&scenario, "levels a second verified", "1/s"), value, baseline);
    for ((name, latencies), (_, of_small)) in large.latencies.iter().zip(&small.latencies) {
        let scenario = format!("{engine}, {name}");
        for (figure, quantile) in [("median", 0.5), ("99th percentile", 0.99)] {
            let in_ms = |latencies: &Histogram<u64>| latencies.value_at_quantile(quantile) as f64 / 1_000.0;
            report.add((&scenario, figure, "ms"), in_ms(latencies), Some(in_ms(of_small)));
        }
    }
    let scenario = format!("{engine}, after all of it");
    let (value, baseline) = (mebibytes(large.resident_bytes), mebibytes(small.resident_bytes));
    report.add((&scenario, "resident memory of inventory", "MiB"), value, Some(baseline));
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
