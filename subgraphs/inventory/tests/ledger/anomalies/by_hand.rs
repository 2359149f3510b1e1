//! What is counted, corrected and missing.

use selvedge_inventory::{
    command::{AcknowledgeAlert, AdjustmentReason, Caller},
    domain::alert::AlertKind,
    store::alerts::{AlertStatus, status_of},
};
use selvedge_kit::event::Event;

use super::fact;
use crate::warehouse::{FAR, NEAR, Warehouse, new_key, staff};

on_each_engine!(a_count_that_is_far_off, one_member_of_staff_changes_much, pieces_go_missing_again_and_again,);

async fn a_count_that_is_far_off(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    for sku in 0..4 {
        warehouse.stock(&format!("SKU-{sku}"), NEAR, 100).await;
    }
    warehouse.count("near.csv", "SKU-0", 85).await;
    warehouse.stock("SKU-1", NEAR, 10).await;
    warehouse.count("few.csv", "SKU-1", 5).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts_of(AlertKind::CountDifference).await, [], "a small share, and few pieces");
    warehouse.count("far.csv", "SKU-2", 70).await;
    // What moves before anybody looks does not hide what was recorded.
    warehouse.stock("SKU-2", NEAR, 400).await;
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::CountDifference).await;
    assert_eq!((alert.sku.as_str(), alert.location_id.as_str(), alert.threshold), ("SKU-2", NEAR, Some(10)));
    let facts = ["recorded", "counted", "difference"].map(|name| fact(&alert, name).as_i64().unwrap());
    assert_eq!((facts, fact(&alert, "reference").as_str()), ([100, 70, -30], Some("far.csv")));
    warehouse.react(&reactions).await;
    reactions.sweep().await.unwrap();
    assert_eq!(warehouse.alert_of(AlertKind::CountDifference).await.revision, 1);
    // Another one, while nobody has taken note of the first.
    warehouse.count("again.csv", "SKU-2", 900).await;
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::CountDifference).await;
    assert_eq!((alert.occurrences, fact(&alert, "difference").as_i64()), (2, Some(500)));
    // It is over when somebody does.
    let note = AcknowledgeAlert { id: alert.id.clone(), note: Some("found them".to_owned()) };
    let noted = warehouse.commands.acknowledge_alert(&staff(), &note, &new_key()).await.unwrap().unwrap();
    assert_eq!((status_of(&noted), noted.note.as_deref()), (AlertStatus::Resolved, Some("found them")));
    warehouse.count("third.csv", "SKU-2", 20).await;
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts_of(AlertKind::CountDifference).await;
    assert_eq!((alerts.len(), status_of(&alerts[1])), (2, AlertStatus::Open));
    warehouse.assert_verified().await;
}

async fn one_member_of_staff_changes_much(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    let other = Caller { actor: "staff-2".to_owned(), ..staff() };
    warehouse.stock("SKU-0", NEAR, 500).await;
    warehouse.correct(&staff(), ("SKU-0", NEAR), 400, AdjustmentReason::Received).await;
    warehouse.correct(&staff(), ("SKU-0", NEAR), 99, AdjustmentReason::Correction).await;
    warehouse.correct(&staff(), ("SKU-0", FAR), 99, AdjustmentReason::Correction).await;
    warehouse.correct(&other, ("SKU-0", NEAR), 99, AdjustmentReason::Correction).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts_of(AlertKind::LargeAdjustment).await, [], "what came in, and less than a hundred each");
    warehouse.correct(&staff(), ("SKU-0", NEAR), -1, AdjustmentReason::CycleCount).await;
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::LargeAdjustment).await;
    assert_eq!((alert.sku.as_str(), alert.location_id.as_str(), alert.threshold), ("SKU-0", NEAR, Some(100)));
    assert_eq!((fact(&alert, "actors"), fact(&alert, "reason")), (&"staff-1".into(), &"CYCLE_COUNT".into()));
    assert_eq!((fact(&alert, "pieces").as_i64(), alert.revision), (Some(100), 1));
    // The bus does not hear who it was.
    let announced = warehouse.outbox().await.into_iter().find(|row| row.event["subject"] == alert.id).unwrap();
    let event: Event = serde_json::from_value(announced.event).unwrap();
    assert_eq!(selvedge_kit::event::schemas::violations(&event), Vec::<String>::new());
    assert_eq!((&event.data["facts"]["pieces"], event.data["facts"].get("actors")), (&100.into(), None));
    // Somebody takes note; a piece more of the same is nothing new, twice as many are, and another one's are.
    let note = AcknowledgeAlert { id: alert.id.clone(), note: None };
    let noted = warehouse.commands.acknowledge_alert(&other, &note, &new_key()).await.unwrap().unwrap();
    assert_eq!(status_of(&noted), AlertStatus::Resolved);
    for (caller, pieces, alerts) in [(staff(), 1, 1), (staff(), 98, 1), (staff(), 1, 2), (other, 1, 2)] {
        warehouse.correct(&caller, ("SKU-0", NEAR), pieces, AdjustmentReason::Correction).await;
        warehouse.react(&reactions).await;
        assert_eq!(warehouse.alerts_of(AlertKind::LargeAdjustment).await.len(), alerts, "{pieces}");
    }
    let alert = warehouse.alerts_of(AlertKind::LargeAdjustment).await.pop().unwrap();
    assert_eq!((fact(&alert, "actors"), alert.occurrences), (&"staff-1, staff-2".into(), 2));
}

async fn pieces_go_missing_again_and_again(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    for sku in ["SKU-0", "SKU-1", "SKU-2"] {
        warehouse.stock(sku, NEAR, 50).await;
        warehouse.stock(sku, FAR, 50).await;
    }
    let other = Caller { actor: "staff-2".to_owned(), ..staff() };
    for (caller, reason) in [
        (staff(), AdjustmentReason::Shrinkage),
        (other.clone(), AdjustmentReason::CycleCount),
        (staff(), AdjustmentReason::Damaged),
    ] {
        // Somewhere else each time; found again; gone elsewhere.
        let far = if reason == AdjustmentReason::Damaged { FAR } else { NEAR };
        warehouse.correct(&caller, ("SKU-1", far), -2, reason).await;
        warehouse.correct(&caller, ("SKU-2", NEAR), -2, AdjustmentReason::Correction).await;
        warehouse.correct(&caller, ("SKU-2", NEAR), 1, AdjustmentReason::Correction).await;
        warehouse.correct(&caller, ("SKU-2", FAR), -5, AdjustmentReason::Transfer).await;
        warehouse.react(&reactions).await;
        assert_eq!(warehouse.alerts_of(AlertKind::Shrinkage).await, []);
        warehouse.correct(&caller, ("SKU-0", NEAR), -2, reason).await;
    }
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::Shrinkage).await;
    assert_eq!((alert.sku.as_str(), alert.location_id.as_str()), ("SKU-0", NEAR));
    assert_eq!((fact(&alert, "times").as_i64(), fact(&alert, "pieces").as_i64()), (Some(3), Some(6)));
    warehouse.correct(&other, ("SKU-0", NEAR), -1, AdjustmentReason::Other).await;
    warehouse.react(&reactions).await;
    reactions.sweep().await.unwrap();
    let alert = warehouse.alert_of(AlertKind::Shrinkage).await;
    assert_eq!((alert.revision, status_of(&alert)), (1, AlertStatus::Open));
    warehouse.sql("UPDATE anomaly_correction SET day = day - 7 WHERE actor = 'staff-1'").await.unwrap();
    reactions.sweep().await.unwrap();
    assert_eq!(status_of(&warehouse.alert_of(AlertKind::Shrinkage).await), AlertStatus::Resolved);
    assert!(warehouse.sums().await.iter().all(|line| !line.contains("staff-1")), "what is a week ago is taken away");
}
