//! Large changes by one member of staff, and pieces that go missing again and again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use serde_json::json;

use super::{
    NEWS_FOR,
    raise::Incident,
    sums::{CorrectionSum, Sums},
    threshold_of,
};
use crate::{
    domain::alert::{AlertKind, AlertSettings, day_of},
    entity::stock_alert,
    store::StoreError,
};

/// Judges the rows that `sums` has touched, as they are now.
pub(super) async fn judge(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    (sums, days): (&Sums, &[CorrectionSum]),
    now: DateTime<Utc>,
) -> Result<Vec<Incident>, StoreError> {
    let is_news = |row: &&CorrectionSum| row.day >= day_of(now - NEWS_FOR);
    let mut incidents = Vec::new();
    if settings.is_on(AlertKind::LargeAdjustment) {
        let threshold = i64::from(settings.anomalies.large_adjustment.pieces.max(1));
        let by_hand = |row: &&CorrectionSum| sums.correction(row).is_some_and(|(added, _)| added.by_hand > 0);
        let large = days.iter().filter(|row| row.by_hand >= threshold).filter(by_hand).filter(is_news);
        incidents.extend(large_of(connection, threshold, sums, &large.collect::<Vec<_>>()).await?);
    }
    if settings.is_on(AlertKind::Shrinkage) {
        let places: BTreeSet<(String, String)> = sums.losses().collect();
        let lost = losses(connection, settings, &places, now).await?;
        incidents.extend(lost.iter().filter(|row| row.is_shrinkage(settings)).map(|row| row.incident(settings, now)));
    }
    Ok(incidents)
}

/// Of the alerts of shrinkage that are open, those whose losses are long ago.
pub(super) async fn over(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    open: Vec<stock_alert::Model>,
    now: DateTime<Utc>,
) -> Result<Vec<stock_alert::Model>, StoreError> {
    let place = |row: &stock_alert::Model| (row.variant_id.clone(), row.location_id.clone());
    let lost = losses(connection, settings, &open.iter().map(place).collect(), now).await?;
    let lost = lost.into_iter().filter(|row| row.is_shrinkage(settings));
    let lost: BTreeSet<(String, String)> = lost.map(|row| (row.variant_id, row.location_id)).collect();
    Ok(open.into_iter().filter(|row| !lost.contains(&place(row))).collect())
}

/// One incident for each level and day on which somebody has changed much, with all who have: whoever comes second is news,
/// and what both go on changing is not.
async fn large_of(
    connection: &impl ConnectionTrait,
    threshold: i64,
    sums: &Sums,
    touched: &[&CorrectionSum],
) -> Result<Vec<Incident>, StoreError> {
    let mut days: BTreeMap<(i64, &str, &str), ByHand> = BTreeMap::new();
    let places = touched.iter().map(|row| (row.variant_id.clone(), row.location_id.clone())).collect();
    for row in of_places(connection, &places, threshold).await? {
        let is_there = |one: &&&CorrectionSum| {
            (one.day, &one.variant_id, &one.location_id) == (row.day, &row.variant_id, &row.location_id)
        };
        let Some(here) = touched.iter().rev().find(is_there) else { continue };
        let by_hand = days.entry((here.day, &here.variant_id, &here.location_id)).or_default();
        by_hand.reason = sums.correction(here).map_or("", |(_, reason)| reason);
        by_hand.pieces += row.by_hand;
        by_hand.actors.insert(row.actor);
    }
    Ok(days.into_iter().map(|(place, by_hand)| by_hand.incident(place, threshold)).collect())
}

/// What was changed much at a level on a day.
#[derive(Default)]
struct ByHand<'a> {
    actors: BTreeSet<String>,
    pieces: i64,
    /// The last of those that were given now.
    reason: &'a str,
}

impl ByHand<'_> {
    fn incident(self, (day, variant_id, location_id): (i64, &str, &str), threshold: i64) -> Incident {
        let day = DateTime::from_timestamp(day * 86_400, 0).map(|time| time.date_naive());
        let actors = self.actors.into_iter().collect::<Vec<_>>().join(", ");
        Incident {
            kind: AlertKind::LargeAdjustment,
            place: (variant_id.to_owned(), location_id.to_owned()),
            threshold: threshold_of(threshold),
            facts: json!({ "actors": actors, "pieces": self.pieces, "reason": self.reason, "day": day }),
            same: &["actors", "day"],
            measure: Some("pieces"),
        }
    }
}

/// Rows of these levels with so many pieces by hand or more.
async fn of_places(
    connection: &impl ConnectionTrait,
    places: &BTreeSet<(String, String)>,
    threshold: i64,
) -> Result<Vec<CorrectionSum>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let backend = connection.get_database_backend();
    let sql = format!(
        "SELECT variant_id, location_id, day, actor, by_hand FROM anomaly_correction
         WHERE (variant_id, location_id) IN ({}) AND by_hand >= $2",
        wanted(backend)
    );
    let values: [Value; 2] = [rows_of(places).into(), threshold.into()];
    Ok(CorrectionSum::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(connection).await?)
}

/// Places as one value, and the query that makes rows of it.
fn rows_of(places: &BTreeSet<(String, String)>) -> serde_json::Value {
    places.iter().map(|(variant_id, location_id)| json!([variant_id, location_id])).collect()
}

const fn wanted(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT value ->> 0, value ->> 1 FROM jsonb_array_elements($1)",
        _ => "SELECT value ->> 0, value ->> 1 FROM json_each($1)",
    }
}

/// What is missing at a level.
#[derive(Debug, FromQueryResult)]
struct Lost {
    variant_id: String,
    location_id: String,
    losses: i64,
    lost: i64,
}

impl Lost {
    fn is_shrinkage(&self, settings: &AlertSettings) -> bool {
        let own = &settings.anomalies.shrinkage;
        self.losses >= i64::from(own.times.max(1)) && self.lost >= i64::from(own.pieces.max(1))
    }

    fn incident(&self, settings: &AlertSettings, now: DateTime<Utc>) -> Incident {
        let own = &settings.anomalies.shrinkage;
        let since = (now - TimeDelta::days(i64::from(own.days.max(1)) - 1)).date_naive();
        Incident {
            kind: AlertKind::Shrinkage,
            place: (self.variant_id.clone(), self.location_id.clone()),
            threshold: threshold_of(own.pieces.into()),
            facts: json!({ "pieces": self.lost, "times": self.losses, "since": since }),
            same: &[],
            measure: Some("pieces"),
        }
    }
}

/// What is missing at these places within the days that count.
async fn losses(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    places: &BTreeSet<(String, String)>,
    now: DateTime<Utc>,
) -> Result<Vec<Lost>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let backend = connection.get_database_backend();
    let sql = format!(
        "SELECT variant_id, location_id, CAST(sum(losses) AS bigint) AS losses, CAST(sum(lost) AS bigint) AS lost
         FROM anomaly_correction WHERE (variant_id, location_id) IN ({}) AND day > $2
         GROUP BY variant_id, location_id",
        wanted(backend)
    );
    let before = day_of(now) - i64::from(settings.anomalies.shrinkage.days.max(1));
    let values: [Value; 2] = [rows_of(places).into(), before.into()];
    let found = Lost::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(connection).await?;
    // In the order of places, whatever the database gives.
    let found: BTreeMap<_, _> =
        found.into_iter().map(|row| ((row.variant_id.clone(), row.location_id.clone()), row)).collect();
    Ok(found.into_values().collect())
}
