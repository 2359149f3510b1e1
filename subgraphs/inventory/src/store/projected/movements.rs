//! What came, went and was promised, by day.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use super::OrderedEvent;
use crate::{error::StoreError, store::Store};

/// Name of the projection.
pub const MOVEMENTS: &str = "movements";

/// What happened to the stock of a variant on one day, by kind.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Movement {
    /// The day of UTC, such as `2026-11-28`.
    pub day: String,
    /// The kind of the events.
    pub kind: String,
    /// How many.
    pub events: i64,
    /// Pieces that came to be on hand.
    pub pieces_in: i64,
    /// Pieces that were no longer.
    pub pieces_out: i64,
    /// By how much what is committed changed.
    pub committed: i64,
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// Adds `events` to the days of `generation`.
pub(crate) async fn add_movements(
    transaction: &impl ConnectionTrait,
    generation: i64,
    events: &[OrderedEvent],
) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(&str, &str, String, &str), [i64; 4]> = BTreeMap::new();
    for OrderedEvent { event, .. } in events {
        let key = (event.variant_id.as_str(), event.location_id.as_str(), day(event.occurred_at), event.kind.as_str());
        let [count, came, went, committed] = sums.entry(key).or_default();
        *count += 1;
        *came += i64::from(event.on_hand_delta.max(0));
        *went -= i64::from(event.on_hand_delta.min(0));
        *committed += i64::from(event.committed_delta);
    }
    if sums.is_empty() {
        return Ok(());
    }
    let rows = sums.iter().map(|((variant_id, location_id, day, kind), [events, came, went, committed])| {
        serde_json::json!({
            "variant_id": variant_id, "location_id": location_id, "day": day, "kind": kind,
            "events": events, "pieces_in": came, "pieces_out": went, "committed": committed,
        })
    });
    let rows = serde_json::Value::Array(rows.collect());
    let backend = transaction.get_database_backend();
    let source = if backend == DbBackend::Postgres { ROWS_POSTGRES } else { ROWS_SQLITE };
    let sql = UPSERT.replace("ROWS", source);
    transaction.execute_raw(Statement::from_sql_and_values(backend, sql, [rows.into(), generation.into()])).await?;
    Ok(())
}

const ROWS_POSTGRES: &str = "jsonb_to_recordset($1) AS r(variant_id text, location_id text, day text, kind text,
  events bigint, pieces_in bigint, pieces_out bigint, committed bigint)";

const ROWS_SQLITE: &str = "(SELECT value ->> 'variant_id' AS variant_id, value ->> 'location_id' AS location_id,
  value ->> 'day' AS day, value ->> 'kind' AS kind, value ->> 'events' AS events,
  value ->> 'pieces_in' AS pieces_in, value ->> 'pieces_out' AS pieces_out, value ->> 'committed' AS committed
  FROM json_each($1)) AS r";

const UPSERT: &str = "
INSERT INTO projected_movement (generation, variant_id, location_id, day, kind, events, pieces_in, pieces_out, committed)
SELECT $2, r.variant_id, r.location_id, r.day, r.kind, r.events, r.pieces_in, r.pieces_out, r.committed
FROM ROWS WHERE true
ON CONFLICT (generation, variant_id, day, location_id, kind) DO UPDATE SET
  events = projected_movement.events + excluded.events,
  pieces_in = projected_movement.pieces_in + excluded.pieces_in,
  pieces_out = projected_movement.pieces_out + excluded.pieces_out,
  committed = projected_movement.committed + excluded.committed";

/// Deletes the rows of `generation` of up to `limit` variants; how many rows it were.
pub(crate) async fn clear_movements(store: &Store, generation: i64, limit: u64) -> Result<u64, StoreError> {
    let connection = store.writer();
    let sql = "DELETE FROM projected_movement WHERE generation = $1 AND variant_id IN
        (SELECT variant_id FROM projected_movement WHERE generation = $1 LIMIT $2)";
    let values: [Value; 2] = [generation.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// What happened to a variant from the day of `from` to that of `until`, both included, newest first and by kind; over all
/// locations, or at one.
///
/// # Errors
///
/// When the store fails.
pub async fn movements(
    store: &Store,
    variant_id: &str,
    location_id: Option<&str>,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Movement>, StoreError> {
    let connection = store.reader();
    let backend = connection.get_database_backend();
    let sum = |name: &str| match backend {
        // PostgreSQL adds up bigint to numeric.
        DbBackend::Postgres => format!("sum({name})::bigint AS {name}"),
        _ => format!("sum({name}) AS {name}"),
    };
    let sums = ["events", "pieces_in", "pieces_out", "committed"].map(sum).join(", ");
    let there = if location_id.is_some() { "AND location_id = $4" } else { "" };
    let sql = format!(
        "SELECT day, kind, {sums} FROM projected_movement
         WHERE generation = (SELECT generation FROM projection WHERE name = 'movements' AND serving)
         AND variant_id = $1 AND day >= $2 AND day <= $3 {there} GROUP BY day, kind ORDER BY day DESC, kind"
    );
    let mut values: Vec<Value> = vec![variant_id.into(), day(from).into(), day(until).into()];
    values.extend(location_id.map(Value::from));
    Ok(Movement::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(connection).await?)
}
