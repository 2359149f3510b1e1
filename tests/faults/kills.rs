//! Inventory processes are killed and their database is restarted while 300 buyers want 500 units: whatever was
//! acknowledged is there, whatever was not is whole or absent, and nothing is sold that is not there.

mod buyers;
mod sold;

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use self::{
    buyers::{Acknowledged, BUYERS, Purchase},
    sold::sold,
};
use crate::several::shop::Shop;

const PROCESSES: usize = 4;
/// Units on sale, over [`SKUS`] SKUs.
const UNITS: i64 = 500;
const SKUS: usize = 5;
/// Of each SKU.
const UNITS_EACH: i64 = UNITS / 5;
/// Between two kills.
const KILL_EVERY: Duration = Duration::from_millis(600);
/// Of so many processes the next is killed; after every third the database is restarted too.
const KILLS_MIN: usize = 8;
/// A machine that is busy with other tests takes its time.
const WITHIN: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_nothing_and_sell_nothing_twice_on_postgres() {
    let test = "killed_processes_lose_nothing_and_sell_nothing_twice_on_postgres";
    let Some(mut shop) = Shop::open(test, PROCESSES, 12).await else { return };
    let skus = shop.put_on_sale(SKUS, UNITS_EACH).await;

    let doors = shop.doors();
    let buying: Vec<_> =
        (0..BUYERS).map(|buyer| tokio::spawn(buyers::buy(buyer, skus.clone(), doors.clone()))).collect();
    let all = tokio::spawn(futures::future::join_all(buying));
    let began = Instant::now();
    let mut kills = 0;
    while !all.is_finished() || kills < KILLS_MIN {
        tokio::time::sleep(KILL_EVERY).await;
        shop.kill_and_start(kills % PROCESSES).await;
        kills += 1;
        if kills % 3 == 0 {
            shop.postgres.restart();
        }
        assert!(began.elapsed() < WITHIN, "the buyers are not done");
    }
    let acknowledged: Vec<Acknowledged> = all.await.unwrap().into_iter().flat_map(Result::unwrap).collect();

    shop.wait_until_ready().await;
    let sold = sold(&shop).await;
    assert_eq!(sold.values().map(Purchase::units).sum::<i64>(), UNITS, "after {kills} kills");
    assert_what_was_said_is_true(&sold, &acknowledged, &skus);
    let (status, said, problems) = shop.verify();
    assert_eq!(status, Some(0), "{said}{problems}");
    assert!(said.contains("everything agrees"), "{said}");
}

/// `sold` is what the database has, by reference.
fn assert_what_was_said_is_true(sold: &HashMap<String, Purchase>, acknowledged: &[Acknowledged], skus: &[String]) {
    for Acknowledged { reference, reservation_id } in acknowledged {
        let found = sold.get(reference);
        match reservation_id {
            Some(id) => assert_eq!(found.map(|found| &found.reservation_id), Some(id), "{reference}"),
            None => assert!(found.is_none(), "{reference} was refused"),
        }
    }
    for (reference, found) in sold {
        assert_eq!(found.lines, buyers::wanted(reference, skus), "{reference} is not whole");
    }
}
