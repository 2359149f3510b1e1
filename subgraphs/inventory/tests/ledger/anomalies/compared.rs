//! What comparing the ledger with levels finds is told once, and is over when it is mended.

use futures::future::join_all;
use selvedge_inventory::{
    AnomalyConfig,
    command::AcknowledgeAlert,
    domain::alert::AlertKind,
    entity::stock_alert,
    projection::LedgerCheck,
    store::alerts::{ALERT_CHANGED, AlertStatus, status_of},
};
use selvedge_kit::{event::Event, outbox::RelaySignal};

use super::{fact, with};
use crate::warehouse::{FAR, NEAR, Warehouse, new_key, staff};

on_each_engine!(
    a_level_that_its_events_do_not_make,
    what_is_committed_without_a_reservation,
    several_processes_compare_and_tell_once,
);

async fn a_level_that_its_events_do_not_make(warehouse: Warehouse) {
    let check = warehouse.ledger_check();
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.stock("SKU-1", FAR, 10).await;
    assert_eq!(check.round(0).await.unwrap(), 10);
    assert_eq!(warehouse.alerts().await, []);
    warehouse.sql("UPDATE stock_level SET on_hand = 12 WHERE variant_id = 'variant-SKU-0'").await.unwrap();
    check.round(0).await.unwrap();
    let alerts = warehouse.alerts_of(AlertKind::LedgerMismatch).await;
    let told = |row: &stock_alert::Model| {
        let difference = fact(row, "difference").as_str().unwrap().to_owned();
        (row.sku.clone(), row.location_id.clone(), row.severity.clone(), difference)
    };
    let mut places: Vec<_> = alerts.iter().map(told).collect();
    places.sort_unstable();
    let of = |place: &str, difference: &str| {
        ("SKU-0".to_owned(), place.to_owned(), "INCONSISTENT".to_owned(), difference.to_owned())
    };
    assert_eq!(places, [of("", "badge -2"), of(NEAR, "on hand +2")]);
    // It goes on being sold, and is no other matter for it.
    warehouse.reserve("SKU-0", 1).await.unwrap();
    check.round(0).await.unwrap();
    let level = |alerts: Vec<stock_alert::Model>| alerts.into_iter().find(|row| row.location_id == NEAR).unwrap();
    let alert = level(warehouse.alerts_of(AlertKind::LedgerMismatch).await);
    assert_eq!((alert.revision, alert.occurrences), (1, 1));
    // Somebody takes note; the difference grows, and nobody has taken note of that.
    let note = AcknowledgeAlert { id: alert.id.clone(), note: None };
    warehouse.commands.acknowledge_alert(&staff(), &note, &new_key()).await.unwrap().unwrap();
    warehouse.sql("UPDATE stock_level SET on_hand = on_hand + 1 WHERE variant_id = 'variant-SKU-0'").await.unwrap();
    check.round(0).await.unwrap();
    let alert = level(warehouse.alerts_of(AlertKind::LedgerMismatch).await);
    assert_eq!((status_of(&alert), fact(&alert, "difference").as_str()), (AlertStatus::Open, Some("on hand +3")));
    // Mended, it is over; `ledger verify` finds the same.
    warehouse.commands.rebuild(&staff(), |_| ()).await.unwrap();
    assert_eq!(check.verify(|_| ()).await.unwrap().found, 0);
    let open = |row: &stock_alert::Model| row.resolved_at.is_none();
    assert!(!warehouse.alerts_of(AlertKind::LedgerMismatch).await.iter().any(open));
    warehouse.sql("UPDATE variant SET badge_state = 'OUT_OF_STOCK' WHERE sku = 'SKU-1'").await.unwrap();
    assert_eq!(check.verify(|_| ()).await.unwrap().found, 1);
    let alerts = warehouse.alerts_of(AlertKind::LedgerMismatch).await;
    let found: Vec<_> = alerts.iter().filter(|row| open(row)).map(told).collect();
    assert_eq!(found[0].3, "OUT_OF_STOCK for IN_STOCK");
    assert_eq!((found.len(), found[0].0.as_str()), (1, "SKU-1"));
    // What is gone differs from nothing.
    warehouse.sql("DELETE FROM variant WHERE sku = 'SKU-1'").await.unwrap();
    check.round(0).await.unwrap();
    assert!(!warehouse.alerts_of(AlertKind::LedgerMismatch).await.iter().any(open));
}

async fn what_is_committed_without_a_reservation(warehouse: Warehouse) {
    let check = warehouse.ledger_check();
    warehouse.stock("SKU-0", NEAR, 10).await;
    warehouse.reserve("SKU-0", 4).await.unwrap();
    check.round(0).await.unwrap();
    assert_eq!(warehouse.alerts().await, []);
    warehouse.sql("UPDATE reservation SET status = 'RELEASED'").await.unwrap();
    for _ in 0..3 {
        check.round(0).await.unwrap();
    }
    let alert = warehouse.alert_of(AlertKind::CommittedUnexplained).await;
    assert_eq!((alert.sku.as_str(), alert.location_id.as_str(), alert.revision), ("SKU-0", NEAR, 1));
    assert_eq!(fact(&alert, "difference"), "committed +4");
    warehouse.sql("UPDATE reservation SET status = 'ACTIVE'").await.unwrap();
    check.round(0).await.unwrap();
    assert_eq!(status_of(&warehouse.alert_of(AlertKind::CommittedUnexplained).await), AlertStatus::Resolved);
    assert_eq!(warehouse.alerts_of(AlertKind::LedgerMismatch).await, []);
}

async fn several_processes_compare_and_tell_once(warehouse: Warehouse) {
    for sku in 0..10 {
        warehouse.stock(&format!("SKU-{sku}"), NEAR, 10).await;
    }
    let few = AnomalyConfig { check_variants: 4, ..AnomalyConfig::default() };
    let mut checks = Vec::new();
    for _ in 0..3 {
        let (store, _) = warehouse.second_process().await;
        checks.push(LedgerCheck::new(store, with(few.clone()), RelaySignal::default()));
    }
    // Due once, one of them does it; what is next follows where the last ended, and begins again after the end.
    let compared = join_all(checks.iter().map(|check| check.round(3_600))).await;
    let mut compared: Vec<u64> = compared.into_iter().map(Result::unwrap).collect();
    compared.sort_unstable();
    assert_eq!(compared, [0, 0, 4]);
    warehouse.sql("UPDATE anomaly_state SET due_at = NULL").await.unwrap();
    warehouse.sql("UPDATE stock_level SET on_hand = 11").await.unwrap();
    warehouse.sql("UPDATE variant SET badge_available = 11").await.unwrap();
    assert_eq!(checks[1].round(0).await.unwrap(), 4);
    assert_eq!(warehouse.alerts_of(AlertKind::LedgerMismatch).await.len(), 4);
    assert_eq!(checks[2].round(0).await.unwrap(), 4 + 2, "those of before again, and the rest");
    join_all(checks.iter().map(|check| check.verify(|_| ()))).await.into_iter().for_each(|done| {
        assert_eq!(done.unwrap().found, 10);
    });
    let alerts = warehouse.alerts_of(AlertKind::LedgerMismatch).await;
    assert_eq!((alerts.len(), alerts.iter().filter(|row| row.revision == 1).count()), (10, 10));
    let announced = warehouse.outbox().await.into_iter().filter(|row| row.event["type"] == ALERT_CHANGED);
    let events: Vec<Event> = announced.map(|row| serde_json::from_value(row.event).unwrap()).collect();
    assert_eq!(events.len(), 10);
    for event in &events {
        assert_eq!(selvedge_kit::event::schemas::violations(event), Vec::<String>::new());
    }
}
