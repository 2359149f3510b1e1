//! What is added up counts once, and can be made anew; and each kind can be turned off.

use chrono::TimeDelta;
use futures::future::join_all;
use selvedge_inventory::{
    AnomalyConfig, CountDifferenceConfig, LargeAdjustmentConfig, ShrinkageConfig, UnusualOutflowConfig,
    command::{AdjustmentReason, Caller},
    domain::alert::AlertKind,
    projection::Reactions,
    store::{
        Engine,
        alerts::{AlertStatus, status_of},
    },
};
use selvedge_kit::outbox::RelaySignal;

use super::{fact, today, with};
use crate::{
    alerts::settings,
    warehouse::{NEAR, Warehouse, staff, variant_id},
};

on_each_engine!(sums_are_the_same_when_made_anew, a_batch_that_was_cut_off_counts_once, what_is_turned_off_is_not_told,);

/// What was added up event by event is what is made of the ledger; and a new setting makes it anew.
async fn sums_are_the_same_when_made_anew(warehouse: Warehouse) {
    let reactions = warehouse.reactions();
    let today = today(&warehouse).await;
    warehouse.with_past("SKU-0", &[4, 0, 5, 60], today).await;
    warehouse.react(&reactions).await;
    let early = today + TimeDelta::minutes(1);
    for (pieces, reason) in [(-3, AdjustmentReason::Shrinkage), (120, AdjustmentReason::Other)] {
        for actor in ["staff-1", "staff-2"] {
            let caller = Caller { actor: actor.to_owned(), ..staff() };
            warehouse.correct(&caller, ("SKU-0", NEAR), pieces, reason).await;
            warehouse.last_event_at(early).await;
        }
        warehouse.react(&reactions).await;
    }
    warehouse.stock("SKU-1", NEAR, 50).await;
    warehouse.count("counts.csv", "SKU-1", 45).await;
    warehouse.last_event_at(early).await;
    warehouse.react(&reactions).await;
    let (sums, alerts) = (warehouse.sums().await, warehouse.alerts().await);
    assert_eq!(fact(&warehouse.alert_of(AlertKind::LargeAdjustment).await, "actors"), "staff-1, staff-2");
    assert_eq!(sums.len(), 3 + 2 + 1 + 2, "{sums:?}");
    warehouse.sql("UPDATE anomaly_outflow SET pieces = 900").await.unwrap();
    warehouse.sql("DELETE FROM anomaly_correction").await.unwrap();
    warehouse.commands.rebuild(&staff(), |_| ()).await.unwrap();
    // Any event will do.
    warehouse.stock("SKU-5", NEAR, 50).await;
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.sums().await, sums);
    assert_eq!(warehouse.alerts().await, alerts, "what was told is not told again");
    // The checkpoint is lost, and every event comes once more.
    warehouse.sql("DELETE FROM projection WHERE name = 'reactions'").await.unwrap();
    warehouse.react(&reactions).await;
    assert_eq!(warehouse.sums().await, sums);
    assert_eq!(warehouse.alerts().await, alerts);
    // In windows of half a day, all of this is in the first half of its day.
    let outflow = UnusualOutflowConfig { window_hours: 12, ..UnusualOutflowConfig::default() };
    let halves = warehouse.reactions_with(with(AnomalyConfig { unusual_outflow: outflow, ..AnomalyConfig::default() }));
    warehouse.stock("SKU-5", NEAR, 60).await;
    warehouse.react(&halves).await;
    assert_eq!(warehouse.sums().await, sums);
}

/// The transaction breaks at its very end: the batch is taken again, and counts once.
async fn a_batch_that_was_cut_off_counts_once(warehouse: Warehouse) {
    warehouse.stock("SKU-0", NEAR, 500).await;
    warehouse.react(&warehouse.reactions()).await;
    warehouse.correct(&staff(), ("SKU-0", NEAR), -60, AdjustmentReason::Other).await;
    let (forbid, allow) = if warehouse.store.engine() == Engine::Postgres {
        (
            "ALTER TABLE projection ADD CONSTRAINT broken CHECK (name <> 'reactions') NOT VALID",
            "ALTER TABLE projection DROP CONSTRAINT broken",
        )
    } else {
        (
            "CREATE TRIGGER broken BEFORE UPDATE ON projection WHEN NEW.name = 'reactions' BEGIN SELECT RAISE(ABORT, 'broken'); END",
            "DROP TRIGGER broken",
        )
    };
    warehouse.sql(forbid).await.unwrap();
    let reactions = warehouse.reactions();
    // Transactions of other tests may hold the events back.
    while reactions.catch_up().await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    warehouse.sql(allow).await.unwrap();
    let mut all = vec![reactions];
    for _ in 0..3 {
        let (store, _) = warehouse.second_process().await;
        all.push(Reactions::new(store, settings(), RelaySignal::default()));
    }
    join_all(all.iter().map(|reactions| warehouse.react(reactions))).await;
    assert_eq!(warehouse.alerts_of(AlertKind::LargeAdjustment).await, [], "60 pieces, and not 120");
    warehouse.correct(&staff(), ("SKU-0", NEAR), -40, AdjustmentReason::Other).await;
    join_all(all.iter().map(|reactions| warehouse.react(reactions))).await;
    let alert = warehouse.alert_of(AlertKind::LargeAdjustment).await;
    assert_eq!((fact(&alert, "pieces").as_i64(), alert.revision, alert.occurrences), (Some(100), 1, 1));
    let told = warehouse.outbox().await.into_iter().filter(|row| row.event["subject"] == alert.id).count();
    assert_eq!(told, 1);
}

async fn what_is_turned_off_is_not_told(warehouse: Warehouse) {
    let off = with(AnomalyConfig {
        ledger_mismatch: false,
        committed_unexplained: false,
        count_difference: CountDifferenceConfig { enabled: false, ..CountDifferenceConfig::default() },
        unusual_outflow: UnusualOutflowConfig { enabled: false, ..UnusualOutflowConfig::default() },
        large_adjustment: LargeAdjustmentConfig { enabled: false, ..LargeAdjustmentConfig::default() },
        shrinkage: ShrinkageConfig { enabled: false, ..ShrinkageConfig::default() },
        ..AnomalyConfig::default()
    });
    let (reactions, quiet) = (warehouse.reactions(), warehouse.reactions_with(off.clone()));
    let today = today(&warehouse).await;
    let odd = async || {
        warehouse.sold("SKU-0", 400, today + TimeDelta::minutes(1)).await;
        for _ in 0..3 {
            warehouse.correct(&staff(), ("SKU-0", NEAR), -80, AdjustmentReason::Other).await;
        }
        warehouse.count("counts.csv", "SKU-0", 2_000).await;
    };
    warehouse.with_past("SKU-0", &[5; 9], today).await;
    odd().await;
    warehouse.react(&quiet).await;
    warehouse.sql("UPDATE reservation SET status = 'RELEASED'").await.unwrap();
    warehouse.sql("UPDATE stock_level SET on_hand = on_hand + 1").await.unwrap();
    warehouse.ledger_check_with(off).verify(|_| ()).await.unwrap();
    assert_eq!(warehouse.alerts().await, []);
    // Turned on, what was before counts too.
    warehouse.ledger_check().verify(|_| ()).await.unwrap();
    warehouse.correct(&staff(), ("SKU-0", NEAR), 3_000, AdjustmentReason::Received).await;
    odd().await;
    warehouse.react(&reactions).await;
    let mut kinds: Vec<String> = warehouse.alerts().await.into_iter().map(|row| row.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "COMMITTED_UNEXPLAINED",
            "COUNT_DIFFERENCE",
            "LARGE_ADJUSTMENT",
            "LEDGER_MISMATCH",
            "SHRINKAGE",
            "UNUSUAL_OUTFLOW"
        ]
    );
    // Turned off again, all of it is over.
    quiet.sweep().await.unwrap();
    assert!(warehouse.alerts().await.iter().all(|row| status_of(row) == AlertStatus::Resolved));
    assert_eq!(warehouse.events().await.iter().filter(|row| row.variant_id == variant_id("SKU-0")).count(), 21);
}
