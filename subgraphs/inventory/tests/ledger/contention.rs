//! Many at once: nothing is sold twice, nothing locks for good.

use futures::future::join_all;
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, ReserveStock},
    domain::{Change, ErrorCode, QuantityName},
};

use crate::warehouse::{FAR, NEAR, Warehouse, line, new_key, shopper, staff};

on_each_engine!(
    sixty_four_buyers_of_fifty_pieces_get_exactly_fifty,
    commands_over_many_skus_in_any_order_do_not_deadlock,
    badges_stay_exact_when_locations_change_at_once,
);

/// Two processes on one database.
async fn sixty_four_buyers_of_fifty_pieces_get_exactly_fifty(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 30).await;
    warehouse.stock("SKU-0", FAR, 20).await;
    let (_, second) = warehouse.second_process().await;
    let buyers = (0..64).map(|buyer| {
        let commands = if buyer % 2 == 0 { warehouse.commands.clone() } else { second.clone() };
        tokio::spawn(async move {
            let input = ReserveStock { lines: vec![line("SKU-0", 1)], ..ReserveStock::default() };
            commands.reserve(&shopper(), &input, &new_key()).await.unwrap()
        })
    });
    let answers: Vec<_> = join_all(buyers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 50);
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).flatten().collect();
    assert_eq!(refused.len(), 14);
    assert!(refused.iter().all(|error| error.code == ErrorCode::InsufficientStock));
    let badge = warehouse.badge("SKU-0").await;
    assert_eq!((badge.available, badge.state.as_str()), (0, "OUT_OF_STOCK"));
    warehouse.assert_verified().await;
}

async fn commands_over_many_skus_in_any_order_do_not_deadlock(warehouse: Warehouse) {
    for index in 0..6 {
        warehouse.stock(&format!("SKU-{index}"), NEAR, 1_000).await;
    }
    let workers = (0..12_usize).map(|worker| {
        let commands = warehouse.commands.clone();
        tokio::spawn(async move {
            for round in 0..5 {
                let mut lines: Vec<_> = (0..6).map(|index| line(&format!("SKU-{index}"), 1)).collect();
                lines.rotate_left((worker + round) % 6);
                if worker % 2 == 0 {
                    lines.reverse();
                }
                let input = ReserveStock { lines, ..ReserveStock::default() };
                let reserved = commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap();
                if worker % 3 == 0 {
                    commands.release(&shopper(), &reserved.reservation.id, &new_key()).await.unwrap().unwrap();
                }
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    assert_eq!(warehouse.level("SKU-3", NEAR).await.committed, 8 * 5);
    warehouse.assert_verified().await;
}

async fn badges_stay_exact_when_locations_change_at_once(warehouse: Warehouse) {
    let workers = (0..8).map(|worker| {
        let commands = warehouse.commands.clone();
        tokio::spawn(async move {
            let location_id = if worker % 2 == 0 { NEAR } else { FAR }.to_owned();
            for _ in 0..10 {
                let change =
                    Change { sku: "SKU-0".to_owned(), location_id: location_id.clone(), delta: 1, ..Change::default() };
                let input = AdjustQuantities {
                    name: QuantityName::OnHand,
                    reason: AdjustmentReason::Received,
                    reference: None,
                    changes: vec![change],
                };
                commands.adjust(&staff(), &input, &new_key()).await.unwrap().unwrap();
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
    let badge = warehouse.badge("SKU-0").await;
    assert_eq!((badge.available, badge.revision), (80, 80));
    warehouse.assert_verified().await;
}

/// A database in memory has one connection for readers and writer.
#[tokio::test]
async fn sqlite_in_memory_serves_many_at_once() {
    let warehouse = Warehouse::in_sqlite_memory().await;
    warehouse.stock("SKU-0", NEAR, 10).await;
    let answers = join_all((0..16).map(|_| warehouse.reserve("SKU-0", 1))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 0);
    warehouse.assert_verified().await;
}
