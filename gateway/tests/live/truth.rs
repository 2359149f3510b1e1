//! At random: whatever happens to events, every client sees revisions that grow, begins with nothing older than its
//! subscription, and ends with what is true.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use futures::StreamExt;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;

use crate::support::{Shop, config, eventually};

const SKUS: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// One client: what it had to see at least at first, and what it has seen.
struct Client {
    subscription: selvedge_gateway::subscribe::Subscription,
    floor: BTreeMap<String, i64>,
    seen: BTreeMap<String, i64>,
}

impl Client {
    fn take(&mut self, response: &[u8]) {
        let response: Value = serde_json::from_slice(response).unwrap();
        if response["data"].is_null() {
            // Of a lost item, or of none.
            assert!(["LOST", "IN_A_BAD_WAY"].map(Some).contains(&response["errors"][0]["extensions"]["code"].as_str()));
            return;
        }
        let badge = &response["data"]["badges"];
        let sku = badge["sku"].as_str().unwrap_or_else(|| panic!("{response}")).to_owned();
        let revision = badge["revision"].as_i64().unwrap();
        match self.seen.insert(sku.clone(), revision) {
            Some(before) => assert!(revision > before, "{sku} went from {before} to {revision}"),
            None => assert!(revision >= self.floor[&sku], "{sku} began with {revision}, not {}", self.floor[&sku]),
        }
    }

    fn take_ready(&mut self) {
        while let Some(Some(response)) = futures::FutureExt::now_or_never(self.subscription.next()) {
            self.take(&response);
        }
    }
}

/// A shop, its clients, and the events that are under way.
struct Game {
    shop: Shop,
    random: StdRng,
    selection: &'static str,
    clients: Vec<Client>,
    held: Vec<Value>,
    is_connected: bool,
}

impl Game {
    fn begin(seed: u64, selection: &'static str) -> Self {
        let mut config = config();
        config.subscriptions.upstream_attempts = u32::MAX;
        let shop = Shop::open(&config);
        SKUS.iter().for_each(|sku| _ = shop.world.set(sku, 1));
        let random = StdRng::seed_from_u64(seed);
        Self { shop, random, selection, clients: Vec::new(), held: Vec::new(), is_connected: true }
    }

    fn sku(&mut self) -> &'static str {
        SKUS[self.random.random_range(0..SKUS.len())]
    }

    async fn step(&mut self) {
        match self.random.random_range(0..22) {
            0..8 => self.write(),
            8..13 if !self.held.is_empty() => self.tell(),
            13..15 => self.join().await,
            15 if !self.clients.is_empty() => {
                let at = self.random.random_range(0..self.clients.len());
                drop(self.clients.swap_remove(at));
            }
            16 => self.toggle(),
            17 => self.shop.world.delay_ms.store(self.random.random_range(0..8), Ordering::SeqCst),
            18 => self.shop.world.is_down.store(self.random.random_bool(0.3), Ordering::SeqCst),
            20 => self.lose(),
            21 => self.shop.world.warns.store(self.random.random_bool(0.3), Ordering::SeqCst),
            _ => tokio::time::sleep(Duration::from_millis(self.random.random_range(0..4))).await,
        }
        for client in &mut self.clients {
            if self.random.random_bool(0.5) {
                client.take_ready();
            }
        }
    }

    fn write(&mut self) {
        let sku = self.sku();
        self.shop.world.set(sku, self.random.random_range(0..100));
        if self.is_connected {
            self.held.push(self.shop.world.event(sku));
        }
    }

    /// One key is answered by an error, or no key any more.
    fn lose(&mut self) {
        let (sku, loses) = (self.sku().to_owned(), self.random.random_bool(0.5));
        let mut lost = self.shop.world.lost.lock().unwrap();
        if loses {
            lost.insert(sku);
        } else {
            lost.clear();
        }
    }

    /// In any order, now and then twice.
    fn tell(&mut self) {
        let at = self.random.random_range(0..self.held.len());
        let event = self.held[at].clone();
        if self.random.random_bool(0.8) {
            self.held.swap_remove(at);
        }
        self.shop.source().tell("changed", &event);
    }

    async fn join(&mut self) {
        let many = self.random.random_range(1..4);
        let skus: Vec<&str> = (0..many).map(|_| self.sku()).collect();
        let floor = skus.iter().map(|sku| ((*sku).to_owned(), self.shop.world.revision(sku))).collect();
        let list = serde_json::to_string(&skus).unwrap();
        let query = format!("subscription {{ badges(skus: {list}) {{ sku revision {} }} }}", self.selection);
        let subscription = self.shop.join(&query).await;
        self.clients.push(Client { subscription, floor, seen: BTreeMap::new() });
    }

    fn toggle(&mut self) {
        self.is_connected = !self.is_connected;
        if self.is_connected {
            self.shop.source().connect();
        } else {
            self.shop.source().disconnect();
            self.held.clear();
        }
    }

    /// Quiet: everyone ends with what is true.
    async fn end(mut self, seed: u64) {
        self.shop.world.is_down.store(false, Ordering::SeqCst);
        self.shop.world.lost.lock().unwrap().clear();
        self.shop.source().connect();
        self.held.iter().for_each(|event| self.shop.source.as_ref().unwrap().tell("changed", event));
        let shop = &self.shop;
        let is_right = |client: &Client| {
            client.floor.keys().all(|sku| client.seen.get(sku).copied() == Some(shop.world.revision(sku)))
        };
        for client in &mut self.clients {
            for _ in 0..2_000 {
                client.take_ready();
                if is_right(client) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(is_right(client), "seed {seed}: {:?} of {:?}", client.seen, client.floor);
        }
        self.clients.clear();
        eventually("the end of all feeds", || shop.pipeline.hub().stream_count() == 0).await;
    }
}

async fn run(seed: u64, selection: &'static str) {
    let mut game = Game::begin(seed, selection);
    for _ in 0..400 {
        game.step().await;
    }
    game.end(seed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_events_carry_is_always_true() {
    for seed in 0..25 {
        run(seed, "available").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_always_true() {
    for seed in 100..125 {
        run(seed, "note").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_add_is_always_true() {
    for seed in 200..225 {
        run(seed, "title").await;
    }
}
