//! Proof that projections equal the replayed events.

use selvedge_inventory::store::{Discrepancy, verify};

use crate::warehouse::{NEAR, Warehouse};

on_each_engine!(finds_every_kind_of_tampering);

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
    let held = found("UPDATE reservation SET status = 'RELEASED'").await;
    assert!(matches!(&held[..], [Discrepancy::Committed { committed: 4, held: 0, .. }]), "{held:?}");
    found("UPDATE reservation SET status = 'ACTIVE'").await;
    let level = found("UPDATE stock_level SET on_hand = 9 WHERE variant_id = 'variant-SKU-1'").await;
    assert!(matches!(&level[..], [Discrepancy::Level { .. }, Discrepancy::Badge { .. }]), "{level:?}");
    found("UPDATE stock_level SET on_hand = 10 WHERE variant_id = 'variant-SKU-1'").await;
    let gap = found("UPDATE stock_event SET version = 5 WHERE variant_id = 'variant-SKU-1'").await;
    assert!(matches!(&gap[..], [Discrepancy::Impossible(_), Discrepancy::Level { .. }]), "{gap:?}");
}
