//! What about stock is odd is told once, and what is ordinary is not.

mod by_hand;
mod compared;
mod outflow;
mod sums;

use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{Either, select};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use selvedge_inventory::{
    AnomalyConfig,
    command::{AdjustQuantities, AdjustmentReason, AppliedPart, Caller, Count, Counting, Outcome},
    domain::{
        Change, QuantityName,
        alert::{AlertKind, AlertSettings},
    },
    entity::{stock_alert, stock_event},
    projection::LedgerCheck,
};
use selvedge_kit::outbox::RelaySignal;

use crate::{
    alerts::settings,
    warehouse::{NEAR, Warehouse, new_key},
};

impl Warehouse {
    pub(super) fn ledger_check(&self) -> LedgerCheck {
        self.ledger_check_with(settings())
    }

    pub(super) fn ledger_check_with(&self, settings: AlertSettings) -> LedgerCheck {
        LedgerCheck::new(self.store.clone(), settings, RelaySignal::default())
    }

    /// Alerts of one kind, in the order of being raised.
    pub(super) async fn alerts_of(&self, kind: AlertKind) -> Vec<stock_alert::Model> {
        self.alerts().await.into_iter().filter(|row| row.kind == kind.as_str()).collect()
    }

    /// The one alert of a kind.
    pub(super) async fn alert_of(&self, kind: AlertKind) -> stock_alert::Model {
        let mut alerts = self.alerts_of(kind).await;
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        alerts.remove(0)
    }

    /// Fails if comparing the ledger has ever found anything, or finds it now.
    pub(crate) async fn assert_nothing_found(&self) {
        self.ledger_check().verify(|_| ()).await.unwrap();
        for kind in [AlertKind::LedgerMismatch, AlertKind::CommittedUnexplained] {
            assert_eq!(self.alerts_of(kind).await, []);
        }
    }

    /// Compares the ledger again and again while `work` is done; how often.
    pub(crate) async fn while_compared<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let check = self.ledger_check();
        let mut rounds = 0;
        let mut work = Box::pin(work);
        loop {
            match select(work, Box::pin(check.verify(|_| ()))).await {
                Either::Left((done, comparing)) => {
                    // To its end: one that is left takes its connection along.
                    comparing.await.unwrap();
                    return (done, rounds + 1);
                }
                Either::Right((compared, rest)) => {
                    compared.unwrap();
                    rounds += 1;
                    work = rest;
                }
            }
        }
    }

    pub(super) async fn correct(
        &self,
        caller: &Caller,
        (sku, place): (&str, &str),
        delta: i32,
        reason: AdjustmentReason,
    ) {
        let change = Change { sku: sku.to_owned(), location_id: place.to_owned(), delta, ..Change::default() };
        let input = AdjustQuantities { name: QuantityName::OnHand, reason, reference: None, changes: vec![change] };
        self.commands.adjust(caller, &input, &new_key()).await.unwrap().unwrap();
    }

    /// Applies a count of on hand near.
    pub(super) async fn count(&self, file: &str, sku: &str, quantity: i32) {
        let counting =
            Counting { file: file.to_owned(), content_hash: new_key(), name: QuantityName::OnHand, counted_at: None };
        let (sku, location_id) = (sku.to_owned(), NEAR.to_owned());
        let count = Count { line: 2, sku, location: location_id.clone(), location_id, quantity };
        let compared = self.commands.compare_counts(&counting, &[count]).await.unwrap();
        let caller = Caller::system("ledger reconcile", "correlation-3");
        let applied = self.commands.apply_counts(&caller, &counting, 0, &compared).await.unwrap();
        let AppliedPart::Done(done) = applied else { panic!("{applied:?}") };
        assert!(matches!(done[0].outcome, Outcome::Adjusted { .. }), "{done:?}");
    }

    /// Moves the last event to another time, before anybody has reacted to it.
    pub(super) async fn last_event_at(&self, time: DateTime<Utc>) {
        let seq = self.events().await.pop().unwrap().seq;
        let transaction = self.store.begin_write().await.unwrap();
        stock_event::Entity::update_many()
            .set(stock_event::ActiveModel { occurred_at: Set(time), ..Default::default() })
            .filter(stock_event::Column::Seq.eq(seq))
            .exec(&transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    /// A SKU with plenty, of which as many pieces were sold as these on each of the days before `today`, the last in front.
    pub(super) async fn with_past(&self, sku: &str, sold: &[i32], today: DateTime<Utc>) {
        self.stock(sku, NEAR, 10_000).await;
        let days = i64::try_from(sold.len()).unwrap();
        self.last_event_at(today - TimeDelta::days(days) - TimeDelta::hours(1)).await;
        // From the first day on, as it happens: whoever reacts meanwhile knows what was before.
        for (day, pieces) in (1..=days).rev().zip(sold.iter().rev()) {
            if *pieces > 0 {
                self.sold(sku, *pieces, today - TimeDelta::days(day) + TimeDelta::hours(3)).await;
            }
        }
    }

    pub(super) async fn sold(&self, sku: &str, pieces: i32, time: DateTime<Utc>) {
        self.reserve(sku, pieces).await.unwrap();
        self.last_event_at(time).await;
    }

    /// What was added up, in order.
    pub(super) async fn sums(&self) -> Vec<String> {
        let reader = self.store.reader();
        let mut sums = Vec::new();
        for sql in [
            "SELECT variant_id || ' ' || CAST(window_start AS text) || ': ' || CAST(pieces AS text) AS line
             FROM anomaly_outflow ORDER BY variant_id, window_start",
            "SELECT variant_id || ' ' || location_id || ' ' || actor || CAST(day AS text) || ': ' || CAST(by_hand AS text)
             || ' ' || CAST(losses AS text) || ' ' || CAST(lost AS text) AS line
             FROM anomaly_correction ORDER BY variant_id, location_id, day, actor",
        ] {
            let statement = Statement::from_string(reader.get_database_backend(), sql);
            let rows = reader.query_all_raw(statement).await.unwrap();
            sums.extend(rows.iter().map(|row| row.try_get::<String>("", "line").unwrap()));
        }
        sums
    }
}

/// The beginning of a day on which nothing of the test is cut off by midnight.
pub(super) async fn today(warehouse: &Warehouse) -> DateTime<Utc> {
    let now = warehouse.commands.database_time().await.unwrap();
    now.date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc()
}

pub(super) fn with(anomalies: AnomalyConfig) -> AlertSettings {
    AlertSettings { anomalies, ..settings() }
}

pub(super) fn fact<'a>(row: &'a stock_alert::Model, name: &str) -> &'a serde_json::Value {
    row.facts.get(name).unwrap_or(&serde_json::Value::Null)
}
