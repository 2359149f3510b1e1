//! Random operations over whole graphs, compared with one schema that has the same data.

use crate::{
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
