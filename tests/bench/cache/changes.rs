//! A stream of changes of stock, each watched until others see it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use super::{
    connection::Connection,
    results::Results,
    scenarios::Scenario,
    shop::{Product, Shop},
};

/// Who change stock, one change at a time.
const WRITERS: u64 = 16;
/// Every so many changes their writer looks whether they see it.
const LOOK_EVERY: u64 = 5;

/// Keys of changes are never used again.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Changes stock until `end`.
pub(crate) async fn run(shop: &Arc<Shop>, scenario: Scenario, per_second: u64, end: Instant) -> Results {
    let mut writing = tokio::task::JoinSet::new();
    let pause = Duration::from_secs(1) * u32::try_from(WRITERS).unwrap() / u32::try_from(per_second.max(1)).unwrap();
    for number in 0..if per_second == 0 { 0 } else { WRITERS } {
        let shop = Arc::clone(shop);
        let offset = pause * u32::try_from(number).unwrap() / u32::try_from(WRITERS).unwrap();
        writing.spawn(async move {
            let mut writer = Writer::new(shop, scenario).await;
            let mut random = SmallRng::seed_from_u64(1_000 + number);
            let mut results = Results::new();
            let mut ticks = tokio::time::interval_at(Instant::now() + offset, pause);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if Instant::now() >= end {
                    return results;
                }
                writer.change(random.random(), random.random(), &mut results).await;
            }
        });
    }
    let mut results = Results::new();
    while let Some(of_one) = writing.join_next().await {
        results.add(&of_one.unwrap());
    }
    results
}

struct Writer {
    shop: Arc<Shop>,
    scenario: Scenario,
    own: Connection,
    /// Someone else.
    watcher: Connection,
}

impl Writer {
    async fn new(shop: Arc<Shop>, scenario: Scenario) -> Self {
        let own = Connection::open(shop.address, Some(&shop.staff)).await;
        let watcher = Connection::open(shop.address, None).await;
        Self { shop, scenario, own, watcher }
    }

    /// Adds a unit of a SKU, and looks from elsewhere until it is seen.
    async fn change(&mut self, product: f64, variant: f64, results: &mut Results) {
        let shop = Arc::clone(&self.shop);
        let product = shop.product(product);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short list")]
        let sku = &product.skus[(variant * product.skus.len() as f64) as usize];
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let sent = Instant::now();
        let answer = self.own.ask(&Shop::change_request(product, sku, number)).await;
        let committed = Instant::now();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, json!({ "data": { "inventoryAdjustQuantities": { "userErrors": [] } } }));
        shop.truth.lock().unwrap().commit(&product.handle, sku, committed);
        results.change(committed - sent);

        let request = Shop::page_request(self.scenario, product);
        if number.is_multiple_of(LOOK_EVERY) {
            let is_seen = look(&mut self.own, &request, (&shop, product)).await;
            results.own_write(is_seen);
        }
        while !look(&mut self.watcher, &request, (&shop, product)).await {}
        results.seen_by_others(committed.elapsed());
    }
}

/// Whether a page shows everything that was committed before it was asked for.
async fn look(connection: &mut Connection, request: &str, (shop, product): (&Shop, &Product)) -> bool {
    let asked = Instant::now();
    let page = connection.page(request).await;
    shop.truth.lock().unwrap().staleness(&page, (&product.handle, &product.skus), asked).is_none()
}
