//! Both of two gateways are restarted, one after the other, under a crowd.

use std::{sync::Arc, time::Duration};

use rand::Rng;
use tokio::time::Instant;

use super::{
    crowd::{Crowd, slots},
    setting,
    shop::{End, LiveShop},
    stage::Stage,
    writers,
};

const SKUS: usize = 40;
const CHANGES_PER_SECOND: u64 = 50;
/// How long after quiet everyone must see what is stored, on a busy machine.
const CURRENT_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_misses_a_final_value_over_a_rolling_restart_on_postgres_redis() {
    let test = "nobody_misses_a_final_value_over_a_rolling_restart_on_postgres_redis";
    let Some(mut shop) = LiveShop::open(test, 24).await else { return };
    shop.add_gateway().await;
    shop.add_gateway().await;
    let seed = rand::rng().random_range(0..1_000_000_000);
    let stage = Arc::new(Stage::set(shop.urls(), shop.staff(), SKUS, seed).await);
    let count = usize::try_from(setting("LIVE_CROWD", 400)).unwrap();
    let crowd = Crowd::enter(&stage, count).await;
    let writing = writers::begin(&stage, CHANGES_PER_SECOND);

    for which in 0..shop.gateways.len() {
        let asked = Instant::now();
        shop.end_gateway(which, End::Asked).await;
        println!("gateway {which} was gone {} ms after it was asked to end", asked.elapsed().as_millis());
        // Whoever was cut off is at the other one, before this one is there to be found.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_spread(&crowd.cuts_since(asked), which);
        shop.start_gateway_again(which).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    let quiet = stage.writing.write().await;
    let took = crowd.current_after(&stage, CURRENT_WITHIN).await;
    let late = crowd.late(&stage);
    assert!(took.is_some(), "{} of {count} have missed a final value: {:?}", late.len(), late.iter().take(5));
    println!(
        "everyone was current {} ms after quiet; {} connections were refused",
        took.unwrap().as_millis(),
        crowd.refusals()
    );
    drop(quiet);
    crowd.leave(&stage).await;
    writing.join_all().await;
    stage.books.assert_no_violations(seed);
}

/// A crowd that comes at once is what brings the next gateway down.
fn assert_spread(cuts: &[Duration], which: usize) {
    let slots = slots(cuts);
    println!("gateway {which}: {} were cut off, by 100 ms since it was asked to end: {slots:?}", cuts.len());
    let most = slots.values().max().copied().unwrap_or_default();
    assert!(!cuts.is_empty(), "nobody was cut off");
    assert!(most < cuts.len(), "all were cut off within 100 ms: {slots:?}");
}
