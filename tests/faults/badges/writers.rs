//! Those who change stock, through the graph.

use std::{sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use tokio::task::JoinSet;

use super::{client::Badge, stage::Stage};

/// Each has SKUs of its own, so that it knows what must be there.
const WRITERS: usize = 4;
/// Enough that taking pieces away never fails.
const FIRST_DELTA: i64 = 1_000;
const ADJUST: &str = "mutation($sku: String!, $location: ID!, $delta: Int!, $key: String!) {
    inventoryAdjustQuantities(idempotencyKey: $key, input: { reason: CORRECTION,
        changes: [{ sku: $sku, locationId: $location, delta: $delta }] }) {
        levels { variant { badge { sku available revision } } } userErrors { message } } }";

/// Begins to write, until the test is over. At most so many changes a second are made.
pub(super) fn begin(stage: &Arc<Stage>, per_second: u64) -> JoinSet<()> {
    let mut writing = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            number,
            stage: Arc::clone(stage),
            random: SmallRng::seed_from_u64(stage.seed ^ (0x5700 + number as u64)),
            pause: Duration::from_secs(2) * u32::try_from(WRITERS).unwrap() / u32::try_from(per_second).unwrap(),
        };
        writing.spawn(writer.run());
    }
    writing
}

struct Writer {
    number: usize,
    stage: Arc<Stage>,
    random: SmallRng,
    /// At most between two changes; half of it on average.
    pause: Duration,
}

impl Writer {
    async fn run(mut self) {
        let shelves = (0..self.stage.shelves.len()).filter(|shelf| shelf % WRITERS == self.number);
        let mut available: Vec<(usize, Option<i64>)> = shelves.map(|shelf| (shelf, None)).collect();
        let mut changes = 0;
        while !self.stage.is_over() {
            let place = self.random.random_range(0..available.len());
            let (shelf, before) = available[place];
            let delta = if before.is_none() { FIRST_DELTA } else { self.random.random_range(1..=5) };
            let delta = if before.is_some() && self.random.random_bool(0.5) { -delta } else { delta };
            changes += 1;
            let stage = Arc::clone(&self.stage);
            let writing = stage.writing.read().await;
            let after = self.change(shelf, delta, changes).await;
            drop(writing);
            let Some(after) = after else { return };
            if before.is_some_and(|before| before + delta != after) {
                let sku = &stage.shelves[shelf].sku;
                stage.books.violate(format!("{sku} has {after} available after {before:?} and {delta}"));
            }
            available[place].1 = Some(after);
            tokio::time::sleep(self.pause.mul_f64(self.random.random())).await;
        }
    }

    /// Makes one change, asking with the same key until it is answered; what is available then. `None` when the test
    /// is over first.
    async fn change(&mut self, shelf: usize, delta: i64, number: u64) -> Option<i64> {
        let stage = Arc::clone(&self.stage);
        let shelf = &stage.shelves[shelf];
        let key = format!("live {} {} {number}", stage.seed, self.number);
        let variables = json!({ "sku": shelf.sku, "location": shelf.location, "delta": delta, "key": key });
        loop {
            let gateway = self.random.random_range(0..stage.urls.len());
            if let Ok(data) = stage.ask(gateway, ADJUST, variables.clone()).await {
                let answer = &data["inventoryAdjustQuantities"];
                assert_eq!(answer["userErrors"], json!([]), "{answer}");
                let badge = Badge::read(&answer["levels"][0]["variant"]["badge"]).expect("a badge");
                stage.books.acknowledge(&badge);
                return Some(badge.available);
            }
            if stage.is_over() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
