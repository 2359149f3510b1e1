//! Reloads under load, many of them: no request fails, every schema that was replaced goes away, and memory stays flat.
//!
//! 100 reloads of a schema of 300 types by default; `make soak-reload` makes 1,000, and prints what it measured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests may unwrap, and say what they measured"
)]

mod reload_support;

use std::{
    fmt::Write,
    fs,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reload_support::{Following, LINK, Subgraph, ask, config, prices_sdl};
use selvedge_gateway::{pipeline::Pipeline, schema::ServedSchema};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const RELOADS: usize = 100;
const CLIENTS: usize = 4;
/// Different operations that clients ask, all of which are planned for each new schema.
const OPERATIONS: usize = 40;
const MIB: u64 = 1024 * 1024;
/// What memory may grow by between the first fifth of the reloads and the end: the allocator's own way of breathing. One
/// schema of this size takes more than 2 MiB, so that keeping any tenth of them would show.
const MAX_GROWTH: u64 = 24 * MIB;

/// The subgraph `products`, large, with a field that tells the schemas apart.
fn large_sdl(reload: usize) -> String {
    let mut sdl = format!(
        "{LINK} type Query {{ product: Product }}
         type Product @key(fields: \"id\") {{ id: ID! title: String reload{reload}: String first: Type0 }}\n"
    );
    for number in 0..300 {
        write!(sdl, "type Type{number} {{ next: Type{} ", (number + 1) % 300).unwrap();
        for field in 0..10 {
            write!(sdl, "field{field}: String ").unwrap();
        }
        sdl.push_str("}\n");
    }
    sdl
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

#[expect(clippy::disallowed_methods, reason = "how long to soak is for whoever runs the test to say")]
fn reloads() -> usize {
    std::env::var("SOAK_RELOADS").map_or(RELOADS, |count| count.parse().expect("SOAK_RELOADS is a number"))
}

/// Clients that ask one of many operations after the other, and how long each took.
struct Clients {
    took: Arc<Mutex<Vec<Duration>>>,
    failed: Arc<AtomicUsize>,
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Clients {
    fn start(pipeline: &Pipeline) -> Self {
        let (took, failed) = (Arc::<Mutex<Vec<Duration>>>::default(), Arc::<AtomicUsize>::default());
        let stop = CancellationToken::new();
        let tasks = (0..CLIENTS).map(|client| {
            let (pipeline, took, failed) = (pipeline.clone(), Arc::clone(&took), Arc::clone(&failed));
            let stop = stop.clone();
            tokio::spawn(async move {
                let mut number = client;
                while !stop.is_cancelled() {
                    number += 1;
                    let alias = format!("a{}", number % OPERATIONS);
                    let began = Instant::now();
                    let answer = ask(&pipeline, &format!("{{ product {{ id {alias}: title price }} }}")).await;
                    took.lock().unwrap().push(began.elapsed());
                    let page = json!({ "id": "1", alias: "products.title", "price": "prices.price" });
                    if answer != json!({ "data": { "product": page } }) {
                        println!("failed: {answer}");
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        });
        let tasks = tasks.collect();
        Self { took, failed, stop, tasks }
    }

    async fn finish(self) -> (Vec<Duration>, usize) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        let mut took = std::mem::take(&mut *self.took.lock().unwrap());
        took.sort();
        (took, self.failed.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_under_load_fail_nobody_and_leave_nothing_behind() {
    let products = Subgraph::start("products", large_sdl(0)).await;
    let prices = Subgraph::start("prices", prices_sdl("")).await;
    let mut config = config();
    config.schema.subgraphs = vec![products.entry(), prices.entry()];
    let shop = Following::start(config).await;
    let pipeline = shop.gateway.pipeline().clone();
    let reloads = reloads();
    let mut old: Vec<Weak<ServedSchema>> = Vec::with_capacity(reloads);
    let mut memory = Vec::new();

    let clients = Clients::start(&pipeline);
    let began = Instant::now();
    for reload in 1..=reloads {
        let before = pipeline.schema();
        let version = before.version().to_owned();
        old.push(Arc::downgrade(&before));
        drop(before);
        products.set_sdl(large_sdl(reload));
        while pipeline.schema().version() == version {
            assert!(began.elapsed() < Duration::from_secs(30 + reload as u64 * 5), "{:?}", shop.status.report());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if reload % reloads.div_ceil(10) == 0 {
            memory.extend(resident_bytes().map(|bytes| (reload, bytes)));
        }
    }
    let took = began.elapsed();
    let (requests, failed) = clients.finish().await;

    let shown = |part: usize| requests[(requests.len() - 1) * part / 1_000].as_micros();
    println!("{reloads} reloads in {:.1} s, {} requests, {failed} failed", took.as_secs_f64(), requests.len());
    println!("latency in µs: p50 {}, p99 {}, p99.9 {}, max {}", shown(500), shown(990), shown(999), shown(1_000));
    for (reload, bytes) in &memory {
        println!("resident after {reload:>5} reloads: {:.1} MiB", *bytes as f64 / MIB as f64);
    }
    assert_eq!(failed, 0);
    assert!(requests.len() > reloads, "there was no load");
    assert_eq!(shop.status.report().reloads, reloads as u64);
    // Whoever still holds one, such as the comparison of the last two, lets go of it within moments.
    let kept = || old.iter().filter(|schema| schema.upgrade().is_some()).count() + pipeline.replaced_in_use();
    for _ in 0..500 {
        if kept() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let kept = kept();
    assert_eq!(kept, 0, "schemas that were replaced are still there");
    if let (Some((_, second)), Some((_, last))) = (memory.get(1), memory.last()) {
        assert!(last.saturating_sub(*second) < MAX_GROWTH, "memory grew from {second} to {last} bytes");
    }
}
