//! Random operations over whole graphs, compared with one schema that has the same data.

use crate::{
    graphs,
    market::market,
    world::{World, compare_random},
};

/// How many operations a run compares, and how many fields each has at most.
const OPERATIONS: u64 = 300;
const FIELDS: usize = 25;

async fn compare(world: &World) {
    let (from, operations) = range();
    let tally = compare_random(world, from..from + operations, FIELDS).await;
    assert!(
        tally.different.is_empty(),
        "{} of {} operations are answered otherwise:\n{}",
        tally.different.len(),
        tally.valid,
        tally.different.join("\n")
    );
    assert!(tally.valid > tally.invalid / 4, "most operations are not valid: {tally:?}");
}

/// The seeds: `SELVEDGE_TEST_SEEDS=FROM+COUNT` asks for others, and more.
#[expect(clippy::disallowed_methods, reason = "a test is told how long to search")]
fn range() -> (u64, u64) {
    let asked = std::env::var("SELVEDGE_TEST_SEEDS").unwrap_or_default();
    let asked = asked.split_once('+').map(|(from, count)| (from.parse().unwrap(), count.parse().unwrap()));
    asked.unwrap_or((0, OPERATIONS))
}

#[tokio::test]
async fn operations_over_the_market() {
    compare(&market()).await;
}

/// How many graphs a run draws, and how many operations over each it compares.
const GRAPHS: u64 = 60;
const OPERATIONS_OF_EACH: u64 = 15;

#[tokio::test]
async fn operations_over_random_graphs() {
    let (from, count) = range();
    let (from, count) = if (from, count) == (0, OPERATIONS) { (0, GRAPHS) } else { (from, count) };
    let (mut composed, mut valid, mut different) = (0, 0, Vec::new());
    for seed in from..from + count {
        let Some((world, text)) = graphs::world(seed) else { continue };
        composed += 1;
        let tally = compare_random(&world, seed * 1_000..seed * 1_000 + OPERATIONS_OF_EACH, FIELDS).await;
        valid += tally.valid;
        if let Some(first) = tally.different.first() {
            different.push(format!("graph {seed}\n{text}\n{first}"));
        }
    }
    println!("{composed} of {count} graphs compose, {valid} operations");
    let shown = different.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(
        different.is_empty(),
        "operations over {} of {composed} graphs are answered otherwise:\n{shown}",
        different.len()
    );
    assert!(composed > count / 4, "{composed} of {count} graphs compose, {valid} operations");
}
