//! A stream of changes of stock, made at inventory, past the gateways.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};

use super::{
    orders::{Change, now_us},
    shop::Shop,
};

/// Each changes SKUs of its own, so that it knows what must be there afterwards.
const WRITERS: usize = 16;
const ADJUST: &str = "mutation($changes: [InventoryChangeInput!]!, $key: String!) {
    inventoryAdjustQuantities(idempotencyKey: $key, input: { reason: RECEIVED, changes: $changes }) {
        userErrors { message } } }";

/// Keys of changes are never used again.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// How stock is changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: u64,
    /// Of the first so many SKUs.
    pub(crate) skus: usize,
    /// So many of them in one transaction.
    pub(crate) at_once: usize,
}

/// Changes stock for `duration`, beginning with `available`, which is kept up to date.
pub(crate) async fn run(shop: &Arc<Shop>, rate: Rate, available: &mut [i64], duration: Duration) -> Vec<Change> {
    let end = Instant::now() + duration;
    let writers = WRITERS.min(rate.skus);
    // Nobody changes more at once than are its own.
    let at_once = rate.at_once.min(rate.skus / writers);
    let pause = Duration::from_secs(1).mul_f64((writers * at_once) as f64 / rate.per_second.max(1) as f64);
    let mut writing = JoinSet::new();
    for number in 0..if rate.per_second == 0 { 0 } else { writers } {
        let own = (number..rate.skus).step_by(writers).map(|sku| (sku, available[sku])).collect();
        let first = Instant::now() + pause.mul_f64(number as f64 / writers as f64);
        writing.spawn(write(Arc::clone(shop), (own, at_once), (first, pause), end));
    }
    let mut changes = Vec::new();
    for (own, made) in writing.join_all().await {
        own.into_iter().for_each(|(sku, left)| available[sku] = left);
        changes.extend(made);
    }
    changes
}

async fn write(
    shop: Arc<Shop>,
    (mut own, at_once): (Vec<(usize, i64)>, usize),
    (first, pause): (Instant, Duration),
    end: Instant,
) -> (Vec<(usize, i64)>, Vec<Change>) {
    let mut connection = shop.connect().await;
    let mut random = SmallRng::seed_from_u64(NUMBER.load(Ordering::Relaxed) + own[0].0 as u64);
    let mut ticks = tokio::time::interval_at(first, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut changes = Vec::new();
    loop {
        ticks.tick().await;
        if Instant::now() >= end {
            return (own, changes);
        }
        let (changed, _) = own.partial_shuffle(&mut random, at_once);
        let adjustments = changed.iter().map(|(sku, _)| {
            let shelf = &shop.shelves[*sku];
            json!({ "sku": shelf.sku, "locationId": shelf.location, "delta": 1 })
        });
        let key = format!("live {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let variables = json!({ "changes": adjustments.collect::<Vec<_>>(), "key": key });
        let sent_us = now_us();
        let data = shop.ask(&mut connection, ADJUST, variables).await;
        let answered_us = now_us();
        assert_eq!(data, json!({ "inventoryAdjustQuantities": { "userErrors": [] } }));
        for (sku, available) in changed {
            *available += 1;
            changes.push(Change { sku: *sku, available: *available, sent_us, answered_us });
        }
    }
}
