//! Writers change stock at random while clients come and go and processes die.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};

use super::{
    client::Badge,
    setting,
    shop::{End, LiveShop},
    stage::{Mood, Stage},
    watcher::{View, Watcher},
    writers,
};
use crate::support::{Column, Shop};

const SKUS: usize = 40;
const CHANGES_PER_SECOND: u64 = 200;
/// Of these, half before and half after something is restarted; then there is quiet.
const ROUND: Duration = Duration::from_secs(4);
/// How long after quiet everyone must see what is stored.
const CURRENT_WITHIN: Duration = Duration::from_secs(1);
/// Instead, in a short run, which is one test among many on a busy machine.
const CURRENT_WITHIN_BUSY: Duration = Duration::from_secs(5);
/// How much longer where a process was restarted: who was cut off may be about to try again.
const RECONNECT_WITHIN: Duration = Duration::from_secs(6);
/// After this it is taken to be never.
const PATIENCE: Duration = Duration::from_secs(30);
/// From so many seconds on a run is the whole one.
const WHOLE_RUN_SECONDS: u64 = 60;

/// What is done in the middle of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Gateway(End),
    Inventory(End),
}

const FAULTS: [Fault; 5] = [
    Fault::Inventory(End::Killed),
    Fault::Gateway(End::Killed),
    Fault::None,
    Fault::Inventory(End::Asked),
    Fault::Gateway(End::Asked),
];

struct Play {
    stage: Arc<Stage>,
    views: Vec<Arc<Mutex<View>>>,
    current_within: Duration,
    /// How long it took at most without and with a fault.
    slowest: [Duration; 2],
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_the_truth_whatever_restarts_on_postgres_redis() {
    let test = "every_client_sees_the_truth_whatever_restarts_on_postgres_redis";
    let Some(mut shop) = LiveShop::open(test, 24).await else { return };
    shop.add_gateway().await;
    shop.add_gateway().await;
    let stage = Stage::set(shop.urls(), shop.staff(), SKUS, seed()).await;
    play(stage, Some(&mut shop)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_the_truth_in_one_process_on_sqlite_embedded_in_process() {
    let test = "every_client_sees_the_truth_in_one_process_on_sqlite_embedded_in_process";
    let shop = Shop::own((Column::SqliteEmbeddedInProcess, &[]), test, 24).await.unwrap();
    let staff = shop.staff("inventory:write").token.unwrap();
    let stage = Stage::set(vec![shop.url.clone()], staff, SKUS, seed()).await;
    play(stage, None).await;
}

fn seed() -> u64 {
    let seed = setting("LIVE_TRUTH_SEED", rand::rng().random_range(0..1_000_000_000));
    println!("seed {seed} (LIVE_TRUTH_SEED)");
    seed
}

/// Rounds until the time is over. Without a shop nothing is restarted.
async fn play(stage: Stage, mut shop: Option<&mut LiveShop>) {
    let seconds = setting("LIVE_TRUTH_SECONDS", 24);
    let clients = usize::try_from(setting("LIVE_TRUTH_CLIENTS", 60)).unwrap();
    let stage = Arc::new(stage);
    let mut random = SmallRng::seed_from_u64(stage.seed);
    let writing = writers::begin(&stage, CHANGES_PER_SECOND);
    let mut watching = JoinSet::new();
    let mut views = Vec::new();
    for number in 0..clients {
        let watcher = Watcher::new(number, &stage);
        views.push(watcher.view());
        watching.spawn(watcher.run());
    }
    let is_whole = seconds >= WHOLE_RUN_SECONDS;
    let current_within = if is_whole { CURRENT_WITHIN } else { CURRENT_WITHIN_BUSY };
    let mut play = Play { stage: Arc::clone(&stage), views, current_within, slowest: [Duration::ZERO; 2] };
    let began = Instant::now();
    let mut round = 0;
    while began.elapsed() < Duration::from_secs(seconds) || round < FAULTS.len() {
        stage.turn(Mood::Wild);
        tokio::time::sleep(ROUND.mul_f64(random.random_range(0.3..0.6))).await;
        let fault = shop.as_mut().map_or(Fault::None, |_| FAULTS[round % FAULTS.len()]);
        if let Some(shop) = &mut shop {
            break_something(shop, fault).await;
        }
        tokio::time::sleep(ROUND.mul_f64(random.random_range(0.3..0.6))).await;
        play.be_quiet(shop.as_deref(), fault, began).await;
        round += 1;
    }
    stage.turn(Mood::Over);
    writing.join_all().await;
    watching.join_all().await;
    let [slowest, slowest_cut] = play.slowest.map(|slowest| slowest.as_millis());
    println!("{round} rounds; everyone was current {slowest} ms after quiet at most, {slowest_cut} ms after a fault");
    stage.books.assert_no_violations(stage.seed);
}

async fn break_something(shop: &mut LiveShop, fault: Fault) {
    match fault {
        Fault::None => {}
        Fault::Gateway(how) => {
            shop.end_gateway(0, how).await;
            shop.start_gateway_again(0).await;
        }
        Fault::Inventory(how) => shop.restart_inventory(how).await,
    }
}

impl Play {
    /// Nobody writes; then everyone must see what is stored.
    async fn be_quiet(&mut self, shop: Option<&LiveShop>, fault: Fault, began: Instant) {
        let stage = Arc::clone(&self.stage);
        stage.turn(Mood::Calm);
        let quiet = stage.writing.write().await;
        let since = Instant::now();
        let stored = stored(&stage, shop).await;
        for (sku, acknowledged) in stage.acknowledged() {
            if stored[&sku] != acknowledged {
                stage.books.violate(format!("{sku}: {acknowledged} acknowledged, {} stored", stored[&sku]));
            }
        }
        let mut late = self.late(&stored);
        while !late.is_empty() && since.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
            late = self.late(&stored);
        }
        let took = since.elapsed();
        let has_fault = fault != Fault::None;
        let allowed = self.current_within + if has_fault { RECONNECT_WITHIN } else { Duration::ZERO };
        if took > allowed {
            let shown = late.iter().take(5).collect::<Vec<_>>();
            stage.books.violate(format!("after {fault:?} current only {} ms after quiet: {shown:?}", took.as_millis()));
        }
        println!("  {:>4} s {fault:?}: current {} ms after quiet", began.elapsed().as_secs(), took.as_millis());
        let slowest = &mut self.slowest[usize::from(has_fault)];
        *slowest = took.max(*slowest);
        drop(quiet);
    }

    fn late(&self, stored: &HashMap<String, i64>) -> Vec<String> {
        let views = self.views.iter().enumerate();
        let late = views.filter_map(|(number, view)| {
            let view = view.lock().unwrap();
            let not_current = view.not_current(stored);
            let is_current = view.since.is_some() && not_current.is_empty();
            (!is_current).then(|| format!("client {number}: {not_current:?}"))
        });
        late.collect()
    }
}

/// The revisions in the database.
async fn stored(stage: &Stage, shop: Option<&LiveShop>) -> HashMap<String, i64> {
    let skus: Vec<&str> = stage.shelves.iter().map(|shelf| shelf.sku.as_str()).collect();
    let query = "query($skus: [String!]!) { stockBadges(skus: $skus) { sku available revision } }";
    let variables = json!({ "skus": skus });
    let data = match shop {
        // Past the gateways.
        Some(shop) => crate::several::door::Door::default().expect(shop.inventory.address, &[], query, variables).await,
        None => stage.ask(0, query, variables).await.unwrap(),
    };
    let badges = data["stockBadges"].as_array().unwrap().iter().map(|badge| Badge::read(badge).unwrap());
    badges.map(|badge| (badge.sku, badge.revision)).collect()
}
