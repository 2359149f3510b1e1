//! Whatever happens, each client's revisions follow one another, its first answer is not older than its coming, no badge
//! goes back, and it ends with what is true.

use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use selvedge_gateway::subscribe::Subscription;
use serde_json::{Value, json};

use crate::{
    cache_support::{Shop, World},
    support::{badge_event, keeping, keeping_nothing, live, patched, settle, try_join, waiting},
};

/// What one client has seen.
struct Client {
    subscription: Subscription,
    is_slow: bool,
    /// The revisions of badges when it came.
    least: BTreeMap<String, i64>,
    data: Option<Value>,
    revision: i64,
}

impl Client {
    fn take(&mut self, seed: u64) {
        while let Some(answer) = waiting(&mut self.subscription) {
            let revision = answer["revision"].as_i64().unwrap();
            assert!(revision > self.revision, "seed {seed}: {} after {}", revision, self.revision);
            let data = match &self.data {
                Some(data) if answer["patch"].is_array() => {
                    assert_eq!(revision, self.revision + 1, "seed {seed}");
                    patched(data, &answer)
                }
                _ => answer["data"].clone(),
            };
            self.revision = revision;
            if answer["errors"].is_array() {
                continue;
            }
            for (sku, seen) in revisions(&data) {
                let least = self.least.get(&sku).copied().unwrap_or(1);
                assert!(seen >= least, "seed {seed}: {sku} went back from {least} to {seen}");
                self.least.insert(sku, seen);
            }
            self.data = Some(data);
        }
    }
}

fn revisions(data: &Value) -> Vec<(String, i64)> {
    let products = data["page"]["products"].as_array().unwrap();
    let badge = |product: &Value| {
        let badge = &product["badge"];
        (badge["sku"].as_str().unwrap().to_owned(), badge["revision"].as_i64().unwrap())
    };
    products.iter().map(badge).collect()
}

#[tokio::test(start_paused = true)]
async fn every_client_sees_the_truth() {
    for seed in 0..60 {
        let keeps = seed % 2 == 0;
        let world = if keeps { World::new().saying("public, max-age=600") } else { World::new() };
        let shop = Shop::with(world, if keeps { keeping() } else { keeping_nothing() });
        run(&shop, seed, keeps).await;
    }
}

async fn run(shop: &Shop, seed: u64, keeps: bool) {
    let mut random = StdRng::seed_from_u64(seed);
    let source = shop.events().source(&["Badge".to_owned()]);
    source.connect();
    let mut clients: Vec<Client> = Vec::new();
    let mut untold: Vec<String> = Vec::new();
    for _ in 0..200 {
        match random.random_range(0..10) {
            0 | 1 => {
                let sku = format!("s{}", random.random_range(1..5));
                shop.world.sell(&sku);
                untold.push(sku);
            }
            2 | 3 if !untold.is_empty() => {
                // In any order, and some of them twice.
                let at = random.random_range(0..untold.len());
                source.evict(&badge_event(shop, &untold[at]));
                if random.random_bool(0.8) {
                    untold.swap_remove(at);
                }
            }
            4 if clients.len() < 8 => {
                let is_patched = random.random_bool(0.5);
                let query = live(&format!("(patch: {is_patched})"));
                let subject = if random.random_bool(0.5) { Some("ann") } else { None };
                // What is kept is as true as what was told, what is not kept as what was written.
                let known = |(sku, level): (&String, &(i64, i64))| (sku.clone(), level.1);
                let mut least: BTreeMap<_, _> = shop.world.stock.lock().unwrap().iter().map(known).collect();
                least.retain(|sku, _| !keeps || !untold.contains(sku));
                let subscription = try_join(shop, &query, Value::Null, subject).await.unwrap();
                let is_slow = random.random_bool(0.3);
                clients.push(Client { subscription, is_slow, least, data: None, revision: 0 });
            }
            5 if !clients.is_empty() && random.random_bool(0.3) => {
                let at = random.random_range(0..clients.len());
                clients.swap_remove(at);
            }
            6 if random.random_bool(0.2) => {
                source.disconnect();
                tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
                untold.clear();
                source.connect();
            }
            7 => *shop.world.failing.lock().unwrap() = random.random_bool(0.2).then(|| "stock".to_owned()),
            _ => tokio::time::sleep(Duration::from_millis(random.random_range(0..150))).await,
        }
        for client in clients.iter_mut().filter(|client| !client.is_slow) {
            client.take(seed);
        }
    }
    untold.iter().for_each(|sku| source.evict(&badge_event(shop, sku)));
    assert_true(shop, &mut clients, seed).await;
}

/// After a while of quiet everyone sees what is true.
async fn assert_true(shop: &Shop, clients: &mut [Client], seed: u64) {
    *shop.world.failing.lock().unwrap() = None;
    // What failed is tried again within 30 s.
    tokio::time::sleep(Duration::from_secs(40)).await;
    settle().await;
    let level = |sku: &str| shop.world.stock.lock().unwrap().get(sku).copied().unwrap_or((100, 1));
    for client in clients {
        client.take(seed);
        let data = client.data.as_ref().unwrap_or_else(|| panic!("seed {seed}: a client without an answer"));
        for product in data["page"]["products"].as_array().unwrap() {
            let badge = &product["badge"];
            let (available, revision) = level(badge["sku"].as_str().unwrap());
            let shown = (&badge["available"], &badge["revision"]);
            assert_eq!(shown, (&json!(available), &json!(revision)), "seed {seed}: {badge}");
        }
    }
}
