//! What answers say of how long they stay true.

use std::time::Duration;

use crate::{
    cache_support::{Shop, World},
    support::{asked, available, join, keeping, keeping_nothing, live, next, waiting},
};

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn what_has_run_out_is_asked_for_again() {
    for config in [keeping(), keeping_nothing()] {
        let shop = Shop::with(World::new().saying("public, max-age=60"), config);
        let mut page = join(&shop, &live("")).await;
        next(&mut page).await;
        // Nobody tells it.
        shop.world.sell("s1");
        shop.world.forget_log();
        pass(55).await;
        assert_eq!((waiting(&mut page), asked(&shop)), (None, [0, 0, 0]));
        pass(20).await;
        assert_eq!(available(&waiting(&mut page).unwrap()), [99, 100, 100]);
        shop.world.forget_log();
        pass(600).await;
        assert!((7..=10).contains(&asked(&shop)[1]), "{:?}", asked(&shop));
        assert_eq!(waiting(&mut page), None, "nothing is new");
    }
}

#[tokio::test(start_paused = true)]
async fn what_runs_out_soon_is_asked_for_no_more_often_than_what_nobody_tells() {
    let mut config = keeping();
    config.subscriptions.poll_when_deaf_ms = 5_000;
    let shop = Shop::with(World::new().saying("public, max-age=1"), config);
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    shop.world.forget_log();
    pass(60).await;
    assert!((9..=14).contains(&asked(&shop)[1]), "{:?}", asked(&shop));
}

#[tokio::test(start_paused = true)]
async fn of_what_nobody_says_so_nothing_runs_out() {
    let shop = Shop::with(World::new(), keeping());
    let mut page = join(&shop, &live("")).await;
    next(&mut page).await;
    shop.world.forget_log();
    pass(7_200).await;
    assert_eq!(asked(&shop), [0, 0, 0]);
}
