//! Proof that projections equal the replayed events.

use selvedge_inventory::store::{Discrepancy, verify};

use crate::warehouse::{FAR, NEAR, Warehouse, staff};

on_each_engine!(finds_every_kind_of_tampering, rebuilds_levels_and_badges_from_the_events);

async fn finds_every_kind_of_tampering(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-1", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    let report = verify(&warehouse.store).await.unwrap();
    assert_eq!((report.levels, report.events, report.discrepancies.len()), (2, 3, 0));
    let found = async |tamper: &str| {
        warehouse.sql(tamper).await.unwrap();
        verify(&warehouse.store).await.unwrap().discrepancies
    };
    let badge = found("UPDATE variant SET badge_available = 7 WHERE sku = 'SKU-0'").await;
    assert!(matches!(&badge[..], [Discrepancy::Badge { shown: 7, offered: 6, .. }]), "{badge:?}");
    found("UPDATE variant SET badge_available = 6 WHERE sku = 'SKU-0'").await;
    let state = found("UPDATE variant SET badge_state = 'OUT_OF_STOCK' WHERE sku = 'SKU-0'").await;
    assert!(matches!(&state[..], [Discrepancy::State { made: "IN_STOCK", .. }]), "{state:?}");
    found("UPDATE variant SET badge_state = 'IN_STOCK' WHERE sku = 'SKU-0'").await;
    let held = found("UPDATE reservation SET status = 'RELEASED'").await;
    assert!(matches!(&held[..], [Discrepancy::Committed { committed: 4, held: 0, .. }]), "{held:?}");
    found("UPDATE reservation SET status = 'ACTIVE'").await;
    let level = found("UPDATE stock_level SET on_hand = 9 WHERE variant_id = 'variant-SKU-1'").await;
    assert!(matches!(&level[..], [Discrepancy::Level { .. }, Discrepancy::Badge { .. }]), "{level:?}");
    found("UPDATE stock_level SET on_hand = 10 WHERE variant_id = 'variant-SKU-1'").await;
    let gap = found("UPDATE stock_event SET version = 5 WHERE variant_id = 'variant-SKU-1'").await;
    assert!(matches!(&gap[..], [Discrepancy::Impossible(_), Discrepancy::Level { .. }]), "{gap:?}");
}

async fn rebuilds_levels_and_badges_from_the_events(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-0", FAR, 3).await;
    warehouse.stock("SKU-1", NEAR, 10).await;
    warehouse.reserve("SKU-0", 12).await.unwrap();
    let (level, badge) = (warehouse.level("SKU-0", NEAR).await, warehouse.badge("SKU-0").await);
    assert_eq!(badge.available, 1);
    warehouse
        .sql("UPDATE stock_level SET on_hand = 90, version = 77 WHERE location_id = 'location-near'")
        .await
        .unwrap();
    warehouse.sql("DELETE FROM stock_level WHERE location_id = 'location-far'").await.unwrap();
    warehouse.sql("UPDATE variant SET badge_available = 99 WHERE sku = 'SKU-0'").await.unwrap();
    let done = warehouse.commands.rebuild(&staff(), |_| ()).await.unwrap();
    assert_eq!((done.variants, done.levels, done.unusable), (10, 3, vec![]));
    assert_eq!(warehouse.badge("SKU-0").await.available, 1);
    assert!(warehouse.badge("SKU-0").await.revision > badge.revision, "the badge is announced again");
    let rebuilt = warehouse.level("SKU-0", NEAR).await;
    assert_eq!((rebuilt.on_hand, rebuilt.committed, rebuilt.version), (level.on_hand, level.committed, level.version));
    warehouse.assert_verified().await;
}
