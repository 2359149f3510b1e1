//! SKUs of which much more goes than usual.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement, Value, sea_query::Expr,
};
use serde_json::json;

use super::{NEWS_FOR, raise::Incident, sums::WindowSum, threshold_of, window_of, window_seconds};
use crate::{
    domain::alert::{AlertKind, AlertSettings, OutflowRule, Usual},
    entity::{stock_alert, variant},
    store::{StoreError, catalog_read::among},
};

/// The fact that says when a window begins.
const WINDOW_START: &str = "windowStart";

/// Judges windows, of which these are all that were touched.
pub(super) async fn judge(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    windows: &[WindowSum],
    now: DateTime<Utc>,
) -> Result<Vec<Incident>, StoreError> {
    if !settings.is_on(AlertKind::UnusualOutflow) {
        return Ok(Vec::new());
    }
    let rule = rule(settings);
    // Most never come so far, and their past is not read.
    let is_news = |sum: &&WindowSum| sum.window_start + window_seconds(settings) > (now - NEWS_FOR).timestamp();
    let many: Vec<&WindowSum> = windows.iter().filter(|sum| sum.pieces >= rule.pieces).filter(is_news).collect();
    let past = Past::read(connection, settings, &many).await?;
    let mut incidents = Vec::new();
    for sum in many {
        let Some(usual) = past.usual(settings, sum) else { continue };
        if sum.pieces > usual.bound {
            incidents.push(incident(settings, sum, usual));
        }
    }
    incidents.sort_by_key(|incident| incident.facts.get(WINDOW_START).map(ToString::to_string));
    Ok(incidents)
}

fn rule(settings: &AlertSettings) -> OutflowRule {
    let own = &settings.anomalies.unusual_outflow;
    OutflowRule { pieces: own.pieces.max(1).into(), deviations: own.deviations.max(1) }
}

fn incident(settings: &AlertSettings, sum: &WindowSum, usual: Usual) -> Incident {
    Incident {
        kind: AlertKind::UnusualOutflow,
        place: (sum.variant_id.clone(), String::new()),
        threshold: threshold_of(usual.bound.saturating_add(1)),
        facts: json!({
            "pieces": sum.pieces,
            "usual": usual.median,
            WINDOW_START: DateTime::from_timestamp(sum.window_start, 0),
            "windowHours": settings.anomalies.unusual_outflow.window_hours,
        }),
        same: &[WINDOW_START],
        measure: Some("pieces"),
    }
}

/// Of the alerts that are open, those whose window is over, unless the one that runs is unusual too.
pub(super) async fn over(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    open: Vec<stock_alert::Model>,
    now: DateTime<Utc>,
) -> Result<Vec<stock_alert::Model>, StoreError> {
    let window_start = window_of(settings, now);
    let running = json!(DateTime::from_timestamp(window_start, 0));
    let ended: Vec<stock_alert::Model> =
        open.into_iter().filter(|row| row.facts.get(WINDOW_START) != Some(&running)).collect();
    if ended.is_empty() {
        return Ok(ended);
    }
    let ids: BTreeSet<String> = ended.iter().map(|row| row.variant_id.clone()).collect();
    let windows = windows_between(connection, &ids, (window_start, i64::MAX)).await?;
    let unusual = judge(connection, settings, &windows, now).await?;
    let unusual: BTreeSet<String> = unusual.into_iter().map(|incident| incident.place.0).collect();
    Ok(ended.into_iter().filter(|row| !unusual.contains(&row.variant_id)).collect())
}

/// The windows before, and since when a variant is there.
struct Past {
    pieces: BTreeMap<(String, i64), i64>,
    first_at: HashMap<String, i64>,
}

impl Past {
    async fn read(
        connection: &impl ConnectionTrait,
        settings: &AlertSettings,
        windows: &[&WindowSum],
    ) -> Result<Self, StoreError> {
        let starts = windows.iter().map(|sum| sum.window_start);
        let (Some(first), Some(last)) = (starts.clone().min(), starts.max()) else {
            return Ok(Self { pieces: BTreeMap::new(), first_at: HashMap::new() });
        };
        let ids: BTreeSet<String> = windows.iter().map(|sum| sum.variant_id.clone()).collect();
        let from = first - i64::from(settings.anomalies.unusual_outflow.windows) * window_seconds(settings);
        let rows = windows_between(connection, &ids, (from, last)).await?;
        let pieces = rows.into_iter().map(|row| ((row.variant_id, row.window_start), row.pieces)).collect();
        Ok(Self { pieces, first_at: first_events(connection, &ids).await? })
    }

    /// What is usual of a variant before a window. A window without a row is one in which nothing went, if the variant was
    /// there during all of it.
    fn usual(&self, settings: &AlertSettings, sum: &WindowSum) -> Option<Usual> {
        let first_at = self.first_at.get(&sum.variant_id)?;
        let windows = 1..=i64::from(settings.anomalies.unusual_outflow.windows);
        let starts = windows.map(|number| sum.window_start - number * window_seconds(settings));
        let pieces = starts
            .take_while(|start| start >= first_at)
            .map(|start| self.pieces.get(&(sum.variant_id.clone(), start)).copied().unwrap_or_default());
        rule(settings).usual(&pieces.collect::<Vec<i64>>())
    }
}

/// What went of some variants within the windows that begin at `from` or later, and before `until`.
async fn windows_between(
    connection: &impl ConnectionTrait,
    variant_ids: &BTreeSet<String>,
    (from, until): (i64, i64),
) -> Result<Vec<WindowSum>, StoreError> {
    let backend = connection.get_database_backend();
    let ids = serde_json::Value::from_iter(variant_ids.iter().cloned());
    let ids_of = match backend {
        sea_orm::DbBackend::Postgres => "SELECT jsonb_array_elements_text($1)",
        _ => "SELECT value FROM json_each($1)",
    };
    let sql = format!(
        "SELECT variant_id, window_start, pieces FROM anomaly_outflow
         WHERE variant_id IN ({ids_of}) AND window_start >= $2 AND window_start < $3"
    );
    let values: [Value; 3] = [ids.into(), from.into(), until.into()];
    Ok(WindowSum::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(connection).await?)
}

/// When the first event of each variant was, in seconds after 1970; by index, one row each.
async fn first_events(
    connection: &impl ConnectionTrait,
    variant_ids: &BTreeSet<String>,
) -> Result<HashMap<String, i64>, StoreError> {
    let first = "(SELECT min(occurred_at) FROM stock_event WHERE stock_event.variant_id = variant.id)";
    let rows: Vec<(String, Option<DateTime<Utc>>)> = variant::Entity::find()
        .select_only()
        .column(variant::Column::Id)
        .expr_as(Expr::cust(first), "first_at")
        .filter(among(connection.get_database_backend(), variant::Column::Id, variant_ids.iter().cloned()))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, first_at)| Some((id, first_at?.timestamp()))).collect())
}
