//! Pieces that go, by variant and window; and corrections by hand, by level, day and actor.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement, Value,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value as Json, json};

use super::{window_of, window_seconds};
use crate::{
    domain::{
        EventKind,
        alert::{AlertKind, AlertSettings, Correction, correction_of, day_of, outflow_kinds, outflow_of},
    },
    entity::stock_event::{Column, Entity, Model},
    store::{
        StoreError,
        projected::{Checkpoint, OrderedEvent},
    },
};

/// The name of the row that says what the sums were made for.
pub(super) const SUMS: &str = "sums";
/// Events that are read at once when sums are made anew.
const EVENTS_PER_PAGE: u64 = 5_000;

/// Variant, location, day, actor.
type CorrectionKey = (String, String, i64, String);

/// What some events add.
#[derive(Debug, Default)]
pub(super) struct Sums {
    outflow: BTreeMap<(String, i64), i64>,
    /// With the reason of the last.
    corrections: BTreeMap<CorrectionKey, (Correction, String)>,
}

/// What went of a variant within a window.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct WindowSum {
    pub(super) variant_id: String,
    pub(super) window_start: i64,
    pub(super) pieces: i64,
}

/// What somebody corrected of a level on a day.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct CorrectionSum {
    pub(super) variant_id: String,
    pub(super) location_id: String,
    pub(super) day: i64,
    pub(super) actor: String,
    pub(super) by_hand: i64,
}

impl Sums {
    pub(super) fn of<'a>(settings: &AlertSettings, events: impl Iterator<Item = &'a Model>) -> Self {
        let with_outflow = settings.is_on(AlertKind::UnusualOutflow);
        let with_corrections = settings.is_on(AlertKind::LargeAdjustment) || settings.is_on(AlertKind::Shrinkage);
        let mut sums = Self::default();
        for event in events {
            let Some(kind) = EventKind::parse(&event.kind) else { continue };
            let pieces = outflow_of(kind, event.on_hand_delta, event.committed_delta);
            if with_outflow && pieces != 0 {
                let window = window_of(settings, event.occurred_at);
                *sums.outflow.entry((event.variant_id.clone(), window)).or_default() += pieces;
            }
            let correction = correction_of(kind, (&event.reason, &event.actor), event.on_hand_delta);
            if let Some(correction) = correction.filter(|_| with_corrections) {
                let (variant_id, location_id) = (event.variant_id.clone(), event.location_id.clone());
                let key = (variant_id, location_id, day_of(event.occurred_at), event.actor.clone());
                let (sum, reason) = sums.corrections.entry(key).or_default();
                sum.add(correction);
                reason.clone_from(&event.reason);
            }
        }
        sums
    }

    /// What the events add for this row, and the reason of the last.
    pub(super) fn correction(&self, row: &CorrectionSum) -> Option<(Correction, &str)> {
        let key = (row.variant_id.clone(), row.location_id.clone(), row.day, row.actor.clone());
        self.corrections.get(&key).map(|(sum, reason)| (*sum, reason.as_str()))
    }

    /// Levels of which the events say that pieces are missing.
    pub(super) fn losses(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let lost = self.corrections.iter().filter(|(_, (sum, _))| sum.losses > 0);
        lost.map(|((variant_id, location_id, ..), _)| (variant_id.clone(), location_id.clone()))
    }
}

/// Adds what went; gives the windows that were touched, as they are then.
pub(super) async fn add_outflow(connection: &impl ConnectionTrait, sums: &Sums) -> Result<Vec<WindowSum>, StoreError> {
    let row = |((variant_id, window_start), pieces): (&(String, i64), &i64)| json!({ "variant_id": variant_id, "window_start": window_start, "pieces": pieces });
    let rows: Vec<Json> = sums.outflow.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statement = upsert(connection.get_database_backend(), ADD_OUTFLOW, OUTFLOW_ROWS, rows);
    Ok(WindowSum::find_by_statement(statement).all(connection).await?)
}

/// Adds corrections; gives the rows that were touched, as they are then.
pub(super) async fn add_corrections(
    connection: &impl ConnectionTrait,
    sums: &Sums,
) -> Result<Vec<CorrectionSum>, StoreError> {
    let row = |((variant_id, location_id, day, actor), (sum, _)): (&CorrectionKey, &(Correction, String))| {
        json!({
            "variant_id": variant_id, "location_id": location_id, "day": day, "actor": actor,
            "by_hand": sum.by_hand, "losses": sum.losses, "lost": sum.lost,
        })
    };
    let rows: Vec<Json> = sums.corrections.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let statement = upsert(connection.get_database_backend(), ADD_CORRECTIONS, CORRECTION_ROWS, rows);
    Ok(CorrectionSum::find_by_statement(statement).all(connection).await?)
}

fn upsert(backend: DbBackend, sql: &str, (postgres, sqlite): (&str, &str), rows: Vec<Json>) -> Statement {
    let source = if backend == DbBackend::Postgres { postgres } else { sqlite };
    Statement::from_sql_and_values(backend, sql.replace("ROWS", source), [Json::Array(rows).into()])
}

const OUTFLOW_ROWS: (&str, &str) = (
    "jsonb_to_recordset($1) AS r(variant_id text, window_start bigint, pieces bigint)",
    "(SELECT value ->> 'variant_id' AS variant_id, value ->> 'window_start' AS window_start,
      value ->> 'pieces' AS pieces FROM json_each($1)) AS r",
);

const ADD_OUTFLOW: &str = "
INSERT INTO anomaly_outflow (variant_id, window_start, pieces)
SELECT r.variant_id, r.window_start, r.pieces FROM ROWS WHERE true
ON CONFLICT (variant_id, window_start) DO UPDATE SET pieces = anomaly_outflow.pieces + excluded.pieces
RETURNING variant_id, window_start, pieces";

const CORRECTION_ROWS: (&str, &str) = (
    "jsonb_to_recordset($1) AS r(variant_id text, location_id text, day bigint, actor text, by_hand bigint, losses bigint,
      lost bigint)",
    "(SELECT value ->> 'variant_id' AS variant_id, value ->> 'location_id' AS location_id, value ->> 'day' AS day,
      value ->> 'actor' AS actor, value ->> 'by_hand' AS by_hand, value ->> 'losses' AS losses,
      value ->> 'lost' AS lost FROM json_each($1)) AS r",
);

const ADD_CORRECTIONS: &str = "
INSERT INTO anomaly_correction (variant_id, location_id, day, actor, by_hand, losses, lost)
SELECT r.variant_id, r.location_id, r.day, r.actor, r.by_hand, r.losses, r.lost FROM ROWS WHERE true
ON CONFLICT (variant_id, location_id, day, actor) DO UPDATE SET by_hand = anomaly_correction.by_hand + excluded.by_hand,
  losses = anomaly_correction.losses + excluded.losses, lost = anomaly_correction.lost + excluded.lost
RETURNING variant_id, location_id, day, actor, by_hand";

/// The first window and the first day that are still needed.
fn kept_from(settings: &AlertSettings, now: DateTime<Utc>) -> (i64, i64) {
    let windows = i64::from(settings.anomalies.unusual_outflow.windows);
    let days = i64::from(Ord::max(settings.anomalies.shrinkage.days, 1));
    (window_of(settings, now) - windows * window_seconds(settings), day_of(now) - days + 1)
}

/// Takes away what is no longer needed.
pub(super) async fn prune(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (window, day) = kept_from(settings, now);
    let backend = connection.get_database_backend();
    for (sql, from) in [
        ("DELETE FROM anomaly_outflow WHERE window_start < $1", window),
        ("DELETE FROM anomaly_correction WHERE day < $1", day),
    ] {
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, [from.into()])).await?;
    }
    Ok(())
}

/// Makes the sums anew from the events up to `checkpoint`, if they were made for other windows or not at all, or if the ledger
/// is followed from its beginning.
pub(super) async fn ensure(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    checkpoint: &Checkpoint,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let backend = connection.get_database_backend();
    let wanted = made_for(settings);
    let sql = "SELECT value FROM anomaly_state WHERE name = $1";
    let found = connection.query_one_raw(Statement::from_sql_and_values(backend, sql, [SUMS.into()])).await?;
    let found: Option<String> = found.map(|row| row.try_get("", "value")).transpose()?;
    if found.as_ref() == Some(&wanted) && checkpoint.seq > 0 {
        return Ok(());
    }
    for sql in ["DELETE FROM anomaly_outflow", "DELETE FROM anomaly_correction"] {
        connection.execute_unprepared(sql).await?;
    }
    let events = add_past(connection, settings, checkpoint, now).await?;
    tracing::info!(events, "what goes and what is corrected was added up from the ledger");
    let sql = "INSERT INTO anomaly_state (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    let values: [Value; 2] = [SUMS.into(), wanted.into()];
    connection.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(())
}

/// Adds the events up to `checkpoint` that still matter; how many.
async fn add_past(
    connection: &impl ConnectionTrait,
    settings: &AlertSettings,
    checkpoint: &Checkpoint,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let (window, day) = kept_from(settings, now);
    let since = DateTime::from_timestamp(Ord::min(window, day * 86_400), 0).unwrap_or(DateTime::UNIX_EPOCH);
    let place = || Expr::tuple([Expr::col("txid"), Expr::col(Column::Seq)]);
    let (mut after, mut count) = ((-1, -1), 0);
    loop {
        let events = Entity::find()
            .expr_as(Expr::col("txid"), "txid")
            .filter(place().gt(Expr::tuple([Expr::val(after.0), Expr::val(after.1)])))
            .filter(place().lte(Expr::tuple([Expr::val(checkpoint.txid), Expr::val(checkpoint.seq)])))
            .filter(Column::Kind.is_in(outflow_kinds().iter().map(|kind| kind.as_str())))
            .filter(Expr::col(Column::OccurredAt).gte(since))
            .order_by_asc(Expr::col("txid"))
            .order_by_asc(Column::Seq)
            .limit(EVENTS_PER_PAGE)
            .into_model::<OrderedEvent>()
            .all(connection)
            .await?;
        let Some(last) = events.last() else { return Ok(count) };
        after = (last.txid, last.event.seq);
        count += events.len();
        let sums = Sums::of(settings, events.iter().map(|ordered| &ordered.event));
        add_outflow(connection, &sums).await?;
        add_corrections(connection, &sums).await?;
    }
}

/// What sums by these settings are made for.
fn made_for(settings: &AlertSettings) -> String {
    let (outflow, days) = (&settings.anomalies.unusual_outflow, settings.anomalies.shrinkage.days);
    let with_outflow = settings.is_on(AlertKind::UnusualOutflow);
    let with_corrections = settings.is_on(AlertKind::LargeAdjustment) || settings.is_on(AlertKind::Shrinkage);
    format!(
        "{} windows of {} h: {with_outflow}; {days} days: {with_corrections}",
        outflow.windows, outflow.window_hours
    )
}
