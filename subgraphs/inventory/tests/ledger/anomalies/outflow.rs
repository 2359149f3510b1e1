//! Much more goes than usual.

use chrono::TimeDelta;
use selvedge_inventory::{
    command::AdjustmentReason,
    domain::alert::AlertKind,
    store::alerts::{AlertStatus, status_of},
};

use super::{fact, today};
use crate::warehouse::{NEAR, Warehouse, new_key, shopper, staff};

on_each_engine!(much_more_goes_than_usual, an_unusual_window_ends, what_is_new_has_no_past,);

async fn much_more_goes_than_usual(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    let today = today(&warehouse).await;
    let at = |minute| today + TimeDelta::minutes(minute);
    warehouse.with_past("SKU-0", &[4, 6, 5, 0, 7, 4, 5, 60, 3, 5], today).await;
    warehouse.with_past("SKU-1", &[80, 95, 90, 84, 110, 96, 88, 92, 79, 101], today).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts_of(AlertKind::UnusualOutflow).await, [], "days in the past are compared with theirs");
    // Usual for the one, and too few for the other.
    warehouse.sold("SKU-1", 120, at(1)).await;
    warehouse.sold("SKU-0", 49, at(1)).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts_of(AlertKind::UnusualOutflow).await, []);
    warehouse.sold("SKU-0", 1, at(2)).await;
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::UnusualOutflow).await;
    assert_eq!((alert.sku.as_str(), alert.location_id.as_str(), alert.severity.as_str()), ("SKU-0", "", "UNUSUAL"));
    assert_eq!((fact(&alert, "pieces").as_i64(), fact(&alert, "usual").as_f64()), (Some(50), Some(5.0)));
    assert_eq!((alert.threshold, alert.revision), (Some(50), 1));
    // It is told again when there are twice as many, and not with every piece.
    for (minute, pieces, revision) in [(3, 1, 1), (4, 48, 1), (5, 1, 2), (6, 20, 2)] {
        warehouse.sold("SKU-0", pieces, at(minute)).await;
        warehouse.react(&reactions).await;
        assert_eq!(warehouse.alert_of(AlertKind::UnusualOutflow).await.revision, revision, "{minute}");
    }
    reactions.sweep().await.unwrap();
    assert_eq!(status_of(&warehouse.alert_of(AlertKind::UnusualOutflow).await), AlertStatus::Open);
    // Pieces that staff takes off go too.
    warehouse.correct(&staff(), ("SKU-1", NEAR), -60, AdjustmentReason::Other).await;
    warehouse.last_event_at(at(7)).await;
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts_of(AlertKind::UnusualOutflow).await;
    assert_eq!((alerts.len(), fact(&alerts[1], "pieces").as_i64()), (2, Some(180)));
    warehouse.assert_nothing_found().await;
}

async fn an_unusual_window_ends(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    let today = today(&warehouse).await;
    let sold = [200, 5, 5, 5, 5, 5, 5, 5, 5, 5];
    warehouse.with_past("SKU-0", &sold, today).await;
    warehouse.with_past("SKU-1", &sold, today).await;
    // Held, and given back: nothing has gone.
    warehouse.stock("SKU-2", NEAR, 1_000).await;
    warehouse.last_event_at(today - TimeDelta::days(20)).await;
    let held = warehouse.reserve("SKU-2", 500).await.unwrap();
    warehouse.commands.release(&shopper(), &held.reservation.id, &new_key()).await.unwrap().unwrap();
    // The other one goes on as it was.
    warehouse.sold("SKU-1", 90, today + TimeDelta::minutes(1)).await;
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts_of(AlertKind::UnusualOutflow).await;
    let pieces: Vec<_> = alerts.iter().map(|row| (row.sku.as_str(), fact(row, "pieces").as_i64().unwrap())).collect();
    assert_eq!(pieces, [("SKU-0", 200), ("SKU-1", 90)]);
    reactions.sweep().await.unwrap();
    let states: Vec<_> = warehouse.alerts_of(AlertKind::UnusualOutflow).await.iter().map(status_of).collect();
    assert_eq!(states, [AlertStatus::Resolved, AlertStatus::Open], "yesterday is over, today is not");
}

async fn what_is_new_has_no_past(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    let today = today(&warehouse).await;
    warehouse.with_past("SKU-0", &[5; 6], today).await;
    warehouse.with_past("SKU-1", &[0; 8], today).await;
    warehouse.sold("SKU-0", 500, today + TimeDelta::minutes(1)).await;
    warehouse.sold("SKU-1", 50, today + TimeDelta::minutes(1)).await;
    warehouse.react(&reactions).await;
    let alert = warehouse.alert_of(AlertKind::UnusualOutflow).await;
    assert_eq!((alert.sku.as_str(), fact(&alert, "usual").as_f64()), ("SKU-1", Some(0.0)), "it never sold");
}
