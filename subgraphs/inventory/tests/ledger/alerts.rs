//! Alerts of stock: raised once, over once, whoever looks and however often.

use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use selvedge_inventory::{
    command::{AcknowledgeAlert, SetThresholds, ThresholdOf},
    domain::{ErrorCode, alert::AlertSettings},
    entity::stock_alert,
    projection::Reactions,
    store::{
        alerts::{ALERT_CHANGED, AlertFilter, AlertStatus, list_alerts, status_of},
        projected::lag,
    },
};
use selvedge_kit::{event::Event, outbox::RelaySignal};

use crate::warehouse::{FAR, LOW_STOCK_THRESHOLD, NEAR, Warehouse, eventually, new_key, shopper, staff, variant_id};

on_each_engine!(
    low_then_out_then_over,
    a_level_that_flaps_is_one_alert,
    thresholds_of_places_come_first,
    somebody_takes_note,
    many_processes_raise_one_alert,
    a_batch_that_was_cut_off_is_taken_again,
    what_is_no_longer_shown_needs_no_alert,
    every_change_is_announced_as_its_schema_says,
);

pub(crate) fn settings() -> AlertSettings {
    AlertSettings::with_threshold(LOW_STOCK_THRESHOLD)
}

impl Warehouse {
    pub(crate) fn reactions(&self) -> Reactions {
        self.reactions_with(settings())
    }

    pub(crate) fn reactions_with(&self, settings: AlertSettings) -> Reactions {
        Reactions::new(self.store.clone(), settings, RelaySignal::default())
    }

    /// All alerts in the order of being raised.
    pub(crate) async fn alerts(&self) -> Vec<stock_alert::Model> {
        let all = stock_alert::Entity::find().order_by_asc(stock_alert::Column::Id);
        all.all(self.store.reader()).await.unwrap()
    }

    /// Reacts to all that has happened; on PostgreSQL that waits for the transactions of other tests on the same server, some
    /// of which are held open on purpose.
    pub(crate) async fn react(&self, reactions: &Reactions) {
        for _ in 0..3_000 {
            reactions.catch_up().await.unwrap();
            if lag(&self.store, "reactions").await.unwrap().events == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("reactions do not come to the end of the ledger");
    }
}

/// SKU, location, severity, status, pieces.
type Brief = (String, String, String, AlertStatus, Option<i32>);

fn brief(row: &stock_alert::Model) -> Brief {
    (row.sku.clone(), row.location_id.clone(), row.severity.clone(), status_of(row), row.available)
}

fn expected(sku: &str, place: &str, severity: &str, status: AlertStatus, available: i32) -> Brief {
    (sku.to_owned(), place.to_owned(), severity.to_owned(), status, Some(available))
}

async fn low_then_out_then_over(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    warehouse.stock("SKU-0", NEAR, 4).await;
    warehouse.stock("SKU-0", FAR, 4).await;
    warehouse.stock("SKU-1", NEAR, 40).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts().await, [], "eight pieces are enough");
    let held = warehouse.reserve("SKU-0", 3).await.unwrap();
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts().await;
    let briefs: Vec<Brief> = alerts.iter().map(brief).collect();
    assert_eq!(briefs, [expected("SKU-0", "", "LOW_STOCK", AlertStatus::Open, 5)]);
    assert_eq!((alerts[0].threshold, alerts[0].revision, alerts[0].occurrences), (Some(5), 1, 1));
    warehouse.reserve("SKU-0", 1).await.unwrap();
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts().await[0].revision, 1, "one piece less is no news");
    warehouse.reserve("SKU-0", 4).await.unwrap();
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts().await;
    assert_eq!(brief(&alerts[0]), expected("SKU-0", "", "OUT_OF_STOCK", AlertStatus::Open, 0));
    warehouse.commands.release(&shopper(), &held.reservation.id, &new_key()).await.unwrap().unwrap();
    warehouse.react(&reactions).await;
    assert_eq!(brief(&warehouse.alerts().await[0]), expected("SKU-0", "", "LOW_STOCK", AlertStatus::Open, 3));
    warehouse.stock("SKU-0", NEAR, 20).await;
    warehouse.react(&reactions).await;
    let alerts = warehouse.alerts().await;
    assert_eq!(brief(&alerts[0]), expected("SKU-0", "", "LOW_STOCK", AlertStatus::Resolved, 19));
    assert_eq!((alerts.len(), alerts[0].revision), (1, 4));
    warehouse.assert_verified().await;
}

async fn a_level_that_flaps_is_one_alert(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    for round in 0..5 {
        // Within the margin: it stays open. Beyond it: it is over, and the next one is the same again.
        for on_hand in [5, 7, 5, 6] {
            warehouse.stock("SKU-0", NEAR, on_hand).await;
            warehouse.react(&reactions).await;
            assert_eq!(status_of(&warehouse.alerts().await[0]), AlertStatus::Open);
        }
        warehouse.stock("SKU-0", NEAR, 50).await;
        warehouse.react(&reactions).await;
        let alerts = warehouse.alerts().await;
        assert_eq!((alerts.len(), alerts[0].occurrences, alerts[0].revision), (1, round + 1, i64::from(round + 1) * 2));
        assert_eq!(status_of(&alerts[0]), AlertStatus::Resolved);
    }
    let patient = warehouse.reactions_with(AlertSettings { reopen_within: TimeDelta::zero(), ..settings() });
    warehouse.stock("SKU-0", NEAR, 1).await;
    warehouse.react(&patient).await;
    assert_eq!(warehouse.alerts().await.len(), 2, "long after, it is another one");
}

async fn thresholds_of_places_come_first(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    warehouse.stock("SKU-0", NEAR, 9).await;
    warehouse.stock("SKU-0", FAR, 9).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts().await, []);
    let set = async |location_id: Option<&str>, threshold: Option<i32>| {
        let one = ThresholdOf { sku: "SKU-0".to_owned(), location_id: location_id.map(str::to_owned), threshold };
        let input = SetThresholds { thresholds: vec![one] };
        warehouse.commands.set_alert_thresholds(&staff(), &input, &new_key()).await.unwrap()
    };
    // It holds at once, without anything that moves.
    set(None, Some(18)).await.unwrap();
    let briefs: Vec<Brief> = warehouse.alerts().await.iter().map(brief).collect();
    assert_eq!(briefs, [expected("SKU-0", "", "LOW_STOCK", AlertStatus::Open, 18)]);
    set(Some(FAR), Some(10)).await.unwrap();
    let briefs: Vec<Brief> = warehouse.alerts().await.iter().map(brief).collect();
    let of_far = expected("SKU-0", FAR, "LOW_STOCK", AlertStatus::Open, 9);
    assert_eq!(briefs, [expected("SKU-0", "", "LOW_STOCK", AlertStatus::Open, 18), of_far.clone()]);
    // Taken away, the default holds: nothing at a location, five over all.
    assert_eq!(set(None, None).await.unwrap(), []);
    let briefs: Vec<Brief> = warehouse.alerts().await.iter().map(brief).collect();
    assert_eq!(briefs, [expected("SKU-0", "", "LOW_STOCK", AlertStatus::Resolved, 18), of_far]);
    set(Some(FAR), None).await.unwrap();
    assert!(warehouse.alerts().await.iter().all(|row| status_of(row) == AlertStatus::Resolved));
    // A default for locations holds for each of them.
    let everywhere = warehouse.reactions_with(AlertSettings { location_threshold: Some(1), ..settings() });
    warehouse.stock("SKU-1", NEAR, 1).await;
    warehouse.stock("SKU-1", FAR, 30).await;
    warehouse.react(&everywhere).await;
    let alerts = warehouse.alerts().await;
    let near = alerts.iter().find(|row| row.sku == "SKU-1").map(brief);
    assert_eq!(near, Some(expected("SKU-1", NEAR, "LOW_STOCK", AlertStatus::Open, 1)));
    for (one, code) in [
        (ThresholdOf { sku: "none".to_owned(), location_id: None, threshold: None }, ErrorCode::UnknownSku),
        (ThresholdOf { sku: "SKU-0".to_owned(), location_id: None, threshold: Some(-1) }, ErrorCode::InvalidInput),
        (
            ThresholdOf { sku: "SKU-0".to_owned(), location_id: Some("none".to_owned()), threshold: None },
            ErrorCode::UnknownLocation,
        ),
    ] {
        let input = SetThresholds { thresholds: vec![one] };
        let refused = warehouse.commands.set_alert_thresholds(&staff(), &input, &new_key()).await.unwrap();
        assert_eq!(refused.unwrap_err()[0].code, code);
    }
}

async fn somebody_takes_note(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.react(&reactions).await;
    let id = warehouse.alerts().await[0].id.clone();
    let input = AcknowledgeAlert { id: id.clone(), note: Some("ordered 100".to_owned()) };
    let key = new_key();
    let noted = warehouse.commands.acknowledge_alert(&staff(), &input, &key).await.unwrap().unwrap();
    assert_eq!((noted.acknowledged_by.as_deref(), noted.note.as_deref()), (Some("staff-1"), Some("ordered 100")));
    let again = warehouse.commands.acknowledge_alert(&staff(), &input, &key).await.unwrap().unwrap();
    assert_eq!((again.revision, status_of(&again)), (2, AlertStatus::Acknowledged));
    let filter = AlertFilter { statuses: vec![AlertStatus::Acknowledged], ..AlertFilter::default() };
    let page =
        selvedge_inventory::store::catalog_read::PageRequest { size: 5, backward: false, after: None, before: None };
    assert_eq!(list_alerts(&warehouse.store, &filter, &page).await.unwrap().rows.len(), 1);
    // It has become worse: nobody has taken note of that.
    warehouse.reserve("SKU-0", 3).await.unwrap();
    warehouse.react(&reactions).await;
    let worse = warehouse.alerts().await.remove(0);
    assert_eq!((status_of(&worse), worse.note, worse.revision), (AlertStatus::Open, None, 3));
    warehouse.stock("SKU-0", NEAR, 30).await;
    warehouse.react(&reactions).await;
    let late = warehouse.commands.acknowledge_alert(&staff(), &input, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(late[0].code, ErrorCode::AlertResolved);
    let unknown = AcknowledgeAlert { id: "none".to_owned(), note: None };
    let unknown = warehouse.commands.acknowledge_alert(&staff(), &unknown, &new_key()).await.unwrap().unwrap_err();
    assert_eq!(unknown[0].code, ErrorCode::AlertNotFound);
}

async fn many_processes_raise_one_alert(warehouse: Warehouse) {
    for sku in 0..5 {
        warehouse.stock(&format!("SKU-{sku}"), NEAR, 3).await;
    }
    let mut reactions = Vec::new();
    for _ in 0..4 {
        let (store, _) = warehouse.second_process().await;
        reactions.push(Reactions::new(store, settings(), RelaySignal::default()));
    }
    eventually(|| async {
        join_all(reactions.iter().map(Reactions::catch_up))
            .await
            .into_iter()
            .for_each(|done| assert!(done.unwrap() <= 5));
        warehouse.alerts().await.len() >= 5
    })
    .await;
    join_all(reactions.iter().map(Reactions::sweep)).await.into_iter().for_each(|done| done.unwrap());
    let alerts = warehouse.alerts().await;
    assert_eq!(alerts.len(), 5);
    assert!(alerts.iter().all(|row| row.revision == 1));
    let announced = warehouse.outbox().await.iter().filter(|row| row.event["type"] == ALERT_CHANGED).count();
    assert_eq!(announced, 5);
}

/// A process dies after it raised alerts and before it commits: nothing of them is there, and the next one raises each once.
async fn a_batch_that_was_cut_off_is_taken_again(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-1", NEAR, 3).await;
    // What the outbox takes of the second alert breaks the transaction at its very end.
    let (forbid, allow) = if warehouse.store.engine() == selvedge_inventory::store::Engine::Postgres {
        (
            "ALTER TABLE projection ADD CONSTRAINT broken CHECK (name <> 'reactions' OR seq = 0)",
            "ALTER TABLE projection DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE UPDATE ON projection WHEN NEW.name = 'reactions' BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    warehouse.sql(forbid).await.unwrap();
    let failed = async || loop {
        match reactions.catch_up().await {
            Err(error) => break error,
            // Transactions of other tests hold the events back.
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    failed().await;
    assert_eq!(warehouse.alerts().await, []);
    warehouse.sql(allow).await.unwrap();
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.alerts().await.len(), 2);
    assert_eq!(warehouse.outbox().await.iter().filter(|row| row.event["type"] == ALERT_CHANGED).count(), 2);
}

async fn what_is_no_longer_shown_needs_no_alert(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    warehouse.stock("SKU-0", NEAR, 3).await;
    warehouse.stock("SKU-1", NEAR, 3).await;
    warehouse.react(&reactions).await;
    warehouse.sql(&format!("DELETE FROM variant WHERE id = '{}'", variant_id("SKU-1"))).await.unwrap();
    reactions.sweep().await.unwrap();
    let states: Vec<AlertStatus> = warehouse.alerts().await.iter().map(status_of).collect();
    assert_eq!(states, [AlertStatus::Open, AlertStatus::Resolved]);
    warehouse.sql("UPDATE product SET status = 'DRAFT'").await.unwrap();
    reactions.sweep().await.unwrap();
    assert!(warehouse.alerts().await.iter().all(|row| status_of(row) == AlertStatus::Resolved));
    warehouse.sql("UPDATE product SET status = 'ACTIVE'").await.unwrap();
}

async fn every_change_is_announced_as_its_schema_says(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    for on_hand in [3, 0, 50, 2] {
        warehouse.stock("SKU-0", NEAR, on_hand).await;
        warehouse.react(&reactions).await;
    }
    let id = warehouse.alerts().await[0].id.clone();
    let input = AcknowledgeAlert { id: id.clone(), note: Some("seen".to_owned()) };
    warehouse.commands.acknowledge_alert(&staff(), &input, &new_key()).await.unwrap().unwrap();
    let rows = warehouse.outbox().await.into_iter().filter(|row| row.event["type"] == ALERT_CHANGED);
    let events: Vec<Event> = rows.map(|row| serde_json::from_value(row.event).unwrap()).collect();
    let happened: Vec<(i64, &str)> =
        events.iter().map(|event| (event.revision, event.data["happened"].as_str().unwrap())).collect();
    assert_eq!(happened, [(1, "RAISED"), (2, "CHANGED"), (3, "RESOLVED"), (4, "REOPENED"), (5, "ACKNOWLEDGED")]);
    for event in &events {
        assert_eq!(selvedge_kit::event::schemas::violations(event), Vec::<String>::new());
        assert_eq!(event.subject, id);
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains("staff-1") && !text.contains("seen"), "{text}");
    }
}
