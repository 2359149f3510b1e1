//! Counts that were applied and were far from what was recorded.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::json;

use super::{NEWS_FOR, raise::Incident, threshold_of};
use crate::{
    domain::{
        EventKind,
        alert::{AlertKind, AlertSettings, is_count},
    },
    entity::stock_event,
    store::{StoreError, projected::OrderedEvent},
};

/// Judges the counts among `events`.
pub(super) async fn judge(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    events: &[OrderedEvent],
    now: DateTime<Utc>,
) -> Result<Vec<Incident>, StoreError> {
    let own = &settings.anomalies.count_difference;
    let mut incidents = Vec::new();
    if !settings.is_on(AlertKind::CountDifference) {
        return Ok(incidents);
    }
    for OrderedEvent { event, .. } in events.iter().filter(|ordered| ordered.event.occurred_at >= now - NEWS_FOR) {
        let difference = i64::from(event.on_hand_delta);
        let counts = EventKind::parse(&event.kind).is_some_and(|kind| is_count(kind, &event.reason));
        if !counts || difference.abs() < i64::from(own.pieces.max(1)) {
            continue;
        }
        let Some(counted) = on_hand_after(connection, event).await? else { continue };
        let recorded = counted - difference;
        if difference.abs() * 100 < recorded.max(0) * i64::from(own.percent) {
            continue;
        }
        incidents.push(Incident {
            kind: AlertKind::CountDifference,
            place: (event.variant_id.clone(), event.location_id.clone()),
            threshold: threshold_of(own.pieces.into()),
            facts: json!({
                "recorded": recorded, "counted": counted, "difference": difference,
                "reference": event.reference, "eventId": event.id,
            }),
            same: &["eventId"],
            measure: None,
        });
    }
    Ok(incidents)
}

/// What was on hand after `event`: what is now, less what has changed since. Little has, as a rule.
async fn on_hand_after(
    connection: &impl ConnectionTrait,
    event: &stock_event::Model,
) -> Result<Option<i64>, StoreError> {
    // One statement, so that nothing comes between.
    let sql = "SELECT CAST(level.on_hand - (SELECT coalesce(sum(later.on_hand_delta), 0) FROM stock_event AS later
          WHERE later.variant_id = $1 AND later.location_id = $2 AND later.version > $3) AS bigint) AS on_hand
        FROM stock_level AS level WHERE level.variant_id = $1 AND level.location_id = $2";
    let values: [Value; 3] = [event.variant_id.clone().into(), event.location_id.clone().into(), event.version.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "on_hand")).transpose()?)
}
