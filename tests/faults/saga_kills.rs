//! Each step of an order is killed at each point, with SIGKILL, in a process of its own: another process goes on, and no
//! piece is lost, nothing is paid twice, and whoever asks again under the same key has bought once.
//!
//! That a process is at a point is seen in the database: a trigger stops it there, within its transaction.

mod books;
mod buyer;
mod cases;
mod traps;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use self::{books::Books, cases::CASES, traps::Traps};
use crate::several::shop::Shop;

const PROCESSES: usize = 3;
/// Of each SKU; every order is of its own SKU.
const UNITS: i64 = 10;
/// A machine that is busy with other tests takes its time.
const WITHIN: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_an_order_survives_the_death_of_its_process_on_postgres() {
    let test = "every_step_of_an_order_survives_the_death_of_its_process_on_postgres";
    let Some(mut shop) = Shop::open(test, PROCESSES, 60).await else { return };
    let skus = shop.put_on_sale(CASES.len(), UNITS).await;
    let traps = Traps::set(&shop, skus.iter().zip(&CASES).map(|(sku, case)| (sku.as_str(), case.point))).await;

    let doors: Arc<[_]> = shop.doors().into();
    let mut buying = JoinSet::new();
    for (number, (case, sku)) in CASES.into_iter().zip(&skus).enumerate() {
        buying.spawn(buyer::buy(number, case, sku.clone(), Arc::clone(&doors)));
    }
    let began = Instant::now();
    let mut hit: BTreeSet<usize> = BTreeSet::new();
    let mut order_ids = vec![String::new(); CASES.len()];
    while !buying.is_empty() {
        while let Some(bought) = buying.try_join_next() {
            let (number, order_id) = bought.unwrap();
            order_ids[number] = order_id;
        }
        if let Some((process, caught)) = traps.first_caught().await {
            shop.kill_and_start(process).await;
            traps.release(&caught).await;
            hit.extend(caught);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let left = || CASES.iter().enumerate().filter(|(number, _)| order_ids[*number].is_empty()).collect::<Vec<_>>();
        assert!(began.elapsed() < WITHIN, "these are not done: {:?}", left());
    }
    let missed: Vec<_> = CASES.iter().enumerate().filter(|(number, _)| !hit.contains(number)).collect();
    assert!(missed.is_empty(), "nobody was killed at {missed:?}");

    let books = Books::read(&shop).await;
    assert_eq!(books.orders, CASES.len(), "each key bought once");
    for ((case, sku), order_id) in CASES.iter().zip(&skus).zip(&order_ids) {
        books.assert_balanced(case, sku, order_id);
    }
    assert_eq!(books.active_reservations, 0, "nothing is held for anybody any more");
    let (status, said, problems) = shop.verify();
    assert_eq!(status, Some(0), "{said}{problems}");
    assert!(said.contains("everything agrees"), "{said}");
}
