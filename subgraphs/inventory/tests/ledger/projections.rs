//! What is projected from the ledger: nothing twice, nothing passed by, and rebuilt while it is served.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, ReserveStock},
    domain::{Change, QuantityName},
    projection::{PROJECTIONS, catch_up, rebuild_projection},
    store::{
        Discrepancy, Position, Store,
        catalog_read::PageRequest,
        projected::{LOW_STOCK, MOVEMENTS, is_reached, lag, low_stock, movements, serving},
        verify,
    },
};

use crate::warehouse::{FAR, NEAR, Warehouse, new_key, shopper, staff, variant_id};

on_each_engine!(
    the_scarcest_come_first_and_every_event_once,
    a_position_is_reached_when_the_projection_is,
    a_projection_is_rebuilt_while_it_is_served,
    days_add_up,
);

/// Takes in what there is now.
async fn bring_forward_once(store: &Store) -> usize {
    let mut taken = 0;
    for projection in PROJECTIONS {
        taken += catch_up(store, projection).await.unwrap();
    }
    taken
}

/// Takes in everything; on PostgreSQL that waits for the transactions of other tests on the same server.
async fn bring_forward(store: &Store) -> usize {
    let mut taken = 0;
    for _ in 0..500 {
        taken += bring_forward_once(store).await;
        let lags = [lag(store, LOW_STOCK).await.unwrap(), lag(store, MOVEMENTS).await.unwrap()];
        if lags.iter().all(|lag| lag.events == 0) {
            return taken;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the projections do not come forward");
}

async fn listed(store: &Store, location_id: Option<&str>, threshold: i32) -> Vec<(String, i32)> {
    let page = PageRequest { size: 100, backward: false, after: None, before: None };
    let rows = low_stock(store, location_id, threshold, &page).await.unwrap().rows;
    rows.into_iter().map(|row| (row.id, row.available)).collect()
}

async fn adjust(warehouse: &Warehouse, sku: &str, delta: i32) -> Position {
    let change = Change { sku: sku.to_owned(), location_id: NEAR.to_owned(), delta, ..Change::default() };
    let input = AdjustQuantities {
        name: QuantityName::OnHand,
        reason: AdjustmentReason::Received,
        reference: None,
        changes: vec![change],
    };
    let done = warehouse.commands.adjust(&staff(), &input, &new_key()).await.unwrap().unwrap();
    done.position.unwrap()
}

async fn the_scarcest_come_first_and_every_event_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 9).await;
    warehouse.stock("SKU-1", FAR, 3).await;
    warehouse.stock("SKU-2", NEAR, 2).await;
    assert_eq!(bring_forward(&warehouse.store).await, 6, "three events, two projections");
    assert_eq!(bring_forward(&warehouse.store).await, 0);
    warehouse.reserve("SKU-0", 8).await.unwrap();
    let two = warehouse.second_process().await;
    let (one, other) = tokio::join!(bring_forward(&warehouse.store), bring_forward(&two.0));
    assert_eq!(one + other, 2, "two processes take an event once");
    let row = |sku: &str, place: &str, available| (format!("{}/{place}", variant_id(sku)), available);
    let all = listed(&warehouse.store, None, 5).await;
    assert_eq!(all, [row("SKU-0", NEAR, 1), row("SKU-2", NEAR, 2), row("SKU-1", FAR, 3)]);
    assert_eq!(listed(&warehouse.store, Some(FAR), 5).await, [row("SKU-1", FAR, 3)]);
    assert_eq!(listed(&warehouse.store, None, 1).await, [row("SKU-0", NEAR, 1)]);
    warehouse.assert_verified().await;
    warehouse.sql("UPDATE projected_level SET on_hand = on_hand + 1 WHERE location_id = 'location-far'").await.unwrap();
    let found = verify(&warehouse.store).await.unwrap().discrepancies;
    assert!(matches!(&found[..], [Discrepancy::Projected { .. }]), "{found:?}");
}

async fn a_position_is_reached_when_the_projection_is(warehouse: Warehouse) {
    let position = adjust(&warehouse, "SKU-0", 5).await;
    assert!(!is_reached(&warehouse.store, LOW_STOCK, position).await.unwrap(), "nothing is projected yet");
    assert_eq!(lag(&warehouse.store, LOW_STOCK).await.unwrap().events, 1);
    bring_forward(&warehouse.store).await;
    assert!(is_reached(&warehouse.store, LOW_STOCK, position).await.unwrap());
    let later = adjust(&warehouse, "SKU-1", 5).await;
    assert!(is_reached(&warehouse.store, LOW_STOCK, position).await.unwrap());
    assert!(!is_reached(&warehouse.store, LOW_STOCK, later).await.unwrap());
    assert_eq!(lag(&warehouse.store, LOW_STOCK).await.unwrap().events, 1);
    let report = verify(&warehouse.store).await.unwrap();
    assert_eq!((report.behind, report.found), (1, 0));
    bring_forward(&warehouse.store).await;
    assert!(is_reached(&warehouse.store, LOW_STOCK, later).await.unwrap());
    assert_eq!(lag(&warehouse.store, MOVEMENTS).await.unwrap().events, 0);
}

async fn a_projection_is_rebuilt_while_it_is_served(warehouse: Warehouse) {
    for sku in 0..5 {
        warehouse.stock(&format!("SKU-{sku}"), NEAR, 50).await;
    }
    bring_forward(&warehouse.store).await;
    warehouse.sql("UPDATE projected_level SET available = 1, on_hand = 1").await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let selling = {
        let (commands, stop) = (warehouse.commands.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut sold = 0;
            while !stop.load(Ordering::Relaxed) && sold < 40 {
                let lines = vec![crate::warehouse::line(&format!("SKU-{}", sold % 5), 1)];
                let input = ReserveStock { lines, ttl_seconds: None, reference: None, allow_partial: false };
                commands.reserve(&shopper(), &input, &new_key()).await.unwrap().unwrap();
                sold += 1;
            }
        })
    };
    for projection in PROJECTIONS {
        rebuild_projection(&warehouse.store, projection, |_| ()).await.unwrap();
        assert_eq!(serving(&warehouse.store, projection.name()).await.unwrap().unwrap().generation, 2);
    }
    stop.store(true, Ordering::Relaxed);
    selling.await.unwrap();
    bring_forward(&warehouse.store).await;
    warehouse.assert_verified().await;
    let listed = listed(&warehouse.store, None, 100).await;
    assert_eq!(listed.len(), 5, "the rows of the old generation are gone from the list");
    for (id, available) in listed {
        let sku = id.trim_start_matches("variant-").trim_end_matches("/location-near").to_owned();
        assert_eq!(warehouse.badge(&sku).await.available, available);
    }
    rebuild_projection(&warehouse.store, PROJECTIONS[0], |_| ()).await.unwrap();
    assert_eq!(serving(&warehouse.store, LOW_STOCK).await.unwrap().unwrap().generation, 3);
}

async fn days_add_up(warehouse: Warehouse) {
    adjust(&warehouse, "SKU-0", 9).await;
    adjust(&warehouse, "SKU-0", -2).await;
    warehouse.reserve("SKU-0", 3).await.unwrap();
    bring_forward(&warehouse.store).await;
    let now = warehouse.events().await[0].occurred_at;
    let range = (now - TimeDelta::days(1), now + TimeDelta::days(1));
    let days = movements(&warehouse.store, &variant_id("SKU-0"), None, range).await.unwrap();
    let sums: Vec<(&str, i64, i64, i64, i64)> =
        days.iter().map(|day| (day.kind.as_str(), day.events, day.pieces_in, day.pieces_out, day.committed)).collect();
    // At midnight they are two days.
    if days.len() == 2 {
        assert_eq!(sums, [("RECEIVED", 2, 9, 2, 0), ("RESERVED", 1, 0, 0, 3)]);
        assert_eq!(days[0].day, now.format("%Y-%m-%d").to_string());
    }
    assert_eq!(movements(&warehouse.store, &variant_id("SKU-0"), Some(FAR), range).await.unwrap(), []);
}

/// A transaction that began first commits last: others are not passed by, and neither is it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_not_passed_by_on_postgres() {
    let Some(warehouse) = Warehouse::on_postgres("a_late_commit_is_not_passed_by_on_postgres").await else { return };
    let late = warehouse.store.begin_write().await.unwrap();
    late.execute_unprepared(
        "INSERT INTO stock_event (id, variant_id, location_id, version, kind, on_hand_delta, committed_delta,
           safety_stock_delta, incoming_delta, reason, actor, correlation_id, occurred_at)
         VALUES ('late', 'variant-SKU-5', 'location-near', 1, 'ADJUSTED', 4, 0, 0, 0, 'TEST', 'late', 'late', now());
         INSERT INTO stock_level (id, variant_id, location_id, on_hand, committed, safety_stock, incoming, version, updated_at)
         VALUES ('late', 'variant-SKU-5', 'location-near', 4, 0, 0, 0, 1, now());
         UPDATE variant SET badge_available = 4, badge_state = 'LOW_STOCK', badge_revision = 1 WHERE sku = 'SKU-5'",
    )
    .await
    .unwrap();
    let position = adjust(&warehouse, "SKU-0", 3).await;
    bring_forward_once(&warehouse.store).await;
    assert!(!is_reached(&warehouse.store, LOW_STOCK, position).await.unwrap(), "an older transaction still runs");
    late.commit().await.unwrap();
    // Other tests have transactions on the same server.
    crate::warehouse::eventually(|| async {
        bring_forward_once(&warehouse.store).await;
        is_reached(&warehouse.store, LOW_STOCK, position).await.unwrap()
    })
    .await;
    let mut listed = listed(&warehouse.store, None, 100).await;
    listed.sort();
    assert_eq!(
        listed,
        [(format!("{}/{NEAR}", variant_id("SKU-0")), 3), (format!("{}/{NEAR}", variant_id("SKU-5")), 4),]
    );
    warehouse.assert_verified().await;
}
