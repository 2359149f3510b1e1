//! Reservations end by themselves.

use std::time::Duration;

use futures::future::join_all;
use selvedge_inventory::{command::run_expirer, domain::ErrorCode};
use tokio_util::sync::CancellationToken;

use crate::warehouse::{FAR, NEAR, Warehouse, eventually, new_key, shopper, staff};

on_each_engine!(
    gives_stock_back_by_itself,
    leaves_the_others_alone,
    several_processes_share_the_work,
    a_damaged_one_keeps_no_other
);

async fn gives_stock_back_by_itself(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-0", FAR, 3).await;
    let id = warehouse.reserve("SKU-0", 5).await.unwrap().reservation.id;
    let shutdown = CancellationToken::new();
    let pause = Duration::from_millis(20);
    let expirer = tokio::spawn(run_expirer(warehouse.commands.clone(), pause, shutdown.clone()));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(warehouse.badge("SKU-0").await.available, 1, "its time has not come");
    warehouse.run_out(&id).await;
    eventually(|| async { warehouse.badge("SKU-0").await.available == 6 }).await;
    let errors = warehouse.commands.release(&shopper(), &id, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(errors[0].code, ErrorCode::ReservationNotActive);
    assert_eq!(errors[0].message, "the reservation is expired already");
    let events = warehouse.events().await;
    let expired: Vec<_> = events.iter().filter(|event| event.kind == "EXPIRED").collect();
    assert_eq!(expired.len(), 2);
    assert_eq!(expired[0].actor, "system:expirer");
    assert_eq!(expired[0].reservation_id.as_ref(), Some(&id));
    warehouse.assert_verified().await;
    shutdown.cancel();
    expirer.await.unwrap();
}

async fn leaves_the_others_alone(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    let kept = warehouse.reserve("SKU-0", 4).await.unwrap();
    let ended = warehouse.reserve("SKU-0", 3).await.unwrap();
    warehouse.run_out(&ended.reservation.id).await;
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 0);
    assert_eq!(warehouse.badge("SKU-0").await.available, 6);
    warehouse.commands.release(&shopper(), &kept.reservation.id, &new_key()).await.unwrap().unwrap();
    warehouse.assert_verified().await;
}

async fn a_damaged_one_keeps_no_other(warehouse: Warehouse) {
    let mut ids = Vec::new();
    for sku in ["SKU-0", "SKU-1"] {
        warehouse.stock(sku, NEAR, 6).await;
        ids.push(warehouse.reserve(sku, 2).await.unwrap().reservation.id);
    }
    warehouse.sql("UPDATE stock_level SET committed = 0 WHERE variant_id = 'variant-SKU-0'").await.unwrap();
    for id in &ids {
        warehouse.run_out(id).await;
    }
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
    assert_eq!(warehouse.badge("SKU-1").await.available, 6);
    warehouse.commands.rebuild(&staff(), |_| ()).await.unwrap();
    assert_eq!(warehouse.commands.expire_due().await.unwrap(), 1);
    assert_eq!(warehouse.badge("SKU-0").await.available, 6);
    warehouse.assert_verified().await;
}

async fn several_processes_share_the_work(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 200).await;
    for _ in 0..120 {
        let id = warehouse.reserve("SKU-0", 1).await.unwrap().reservation.id;
        warehouse.run_out(&id).await;
    }
    let (_, second) = warehouse.second_process().await;
    let expirers = [&warehouse.commands, &second, &warehouse.commands, &second].map(|commands| commands.expire_due());
    let ended: u64 = join_all(expirers).await.into_iter().map(Result::unwrap).sum();
    let rest = warehouse.commands.expire_due().await.unwrap();
    assert_eq!(ended + rest, 120);
    assert_eq!(warehouse.badge("SKU-0").await.available, 200);
    warehouse.assert_verified().await;
}
