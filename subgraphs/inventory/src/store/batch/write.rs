//! The one statement that commits a batch.

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, PgConnection, Postgres, Row, postgres::PgArguments, postgres::PgRow, query::Query};

use super::{Batch, KnownAnswer, Sale, Written, failed, record};
use crate::{
    entity::{reservation, reservation_line},
    store::{StoreError, ledger::new_id},
};

/// Writes the batch when nothing has changed since it was decided, else nothing of it.
///
/// # Errors
///
/// When the database fails. When the connection broke it is not known whether the batch was committed; the keys of its
/// requests tell.
pub(crate) async fn write(connection: &mut PgConnection, batch: &Batch) -> Result<Written, StoreError> {
    let query =
        bind_levels(bind_lines(bind_reservations(bind_answers(sqlx::query(WRITE), batch), batch), batch), batch);
    let began = tokio::time::Instant::now();
    let rows = query.fetch_all(connection).await;
    record(began, rows.is_err());
    match rows {
        Ok(rows) => outcome(&rows),
        // A key that another transaction claimed meanwhile, or a version that a writer without a lock took.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Written::Overtaken),
        Err(error) => Err(failed(error)),
    }
}

fn outcome(rows: &[PgRow]) -> Result<Written, StoreError> {
    let mut known = Vec::new();
    for row in rows {
        if row.try_get("is_free").map_err(failed)? {
            return Ok(Written::Done { now: row.try_get("now").map_err(failed)? });
        }
        let Some(place) = row.try_get::<Option<i64>, _>("place").map_err(failed)? else {
            return Ok(Written::Overtaken);
        };
        let response: Option<serde_json::Value> = row.try_get("response").map_err(failed)?;
        known.push(KnownAnswer {
            index: usize::try_from(place - 1).unwrap_or(usize::MAX),
            request_hash: row.try_get("request_hash").map_err(failed)?,
            response: response.ok_or(StoreError::Conflict { what: "idempotency" })?,
        });
    }
    Ok(Written::Known(known))
}

/// In the order of what depends on what:
///
/// - `known`: keys that are answered already. One that is claimed at the same moment breaks the unique key below.
/// - `variants`, `levels`: the rows under lock, variants first and each in the order of ids, as every command locks them.
///   A row that had to be waited for comes as it is after the wait, although the statement's snapshot is older.
/// - `verdict`: whether all is as it was decided on, and the time: never before what happened to the same levels, even when
///   the clock was set back. Everything after it hangs on this.
///
/// Lookups by key are written so that no plan reads a whole table: this is planned once, perhaps while tables are empty.
pub(super) const WRITE: &str = "
WITH known AS MATERIALIZED (
  SELECT asked.place, answered.request_hash, answered.response
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(scope, key, place),
  LATERAL (SELECT i.request_hash, i.response FROM idempotency AS i
           WHERE i.scope = asked.scope AND i.key = asked.key LIMIT 1) AS answered
), variants AS MATERIALIZED (
  SELECT v.id, v.badge_revision, v.stock_policy, v.expected_at FROM variant AS v
  WHERE v.id = ANY($25::text[]) AND NOT EXISTS (SELECT 1 FROM known)
    AND (SELECT p.status FROM product AS p WHERE p.id = v.product_id) = 'ACTIVE'
  ORDER BY v.id FOR NO KEY UPDATE OF v
), unchanged AS MATERIALIZED (
  SELECT count(*) AS number
  FROM unnest($25::text[], $26::bigint[], $27::text[], $28::timestamptz[]) AS e(id, revision, policy, expected_at)
  JOIN variants AS v ON v.id = e.id AND v.badge_revision = e.revision AND v.stock_policy = e.policy
    AND v.expected_at IS NOT DISTINCT FROM e.expected_at
), levels AS MATERIALIZED (
  SELECT s.id, s.version, s.updated_at FROM stock_level AS s
  WHERE s.id = ANY($32::text[]) AND (SELECT number FROM unchanged) = cardinality($25::text[])
  ORDER BY s.id FOR NO KEY UPDATE OF s
), verdict AS MATERIALIZED (
  SELECT found.is_free,
    greatest(clock_timestamp(), found.latest, (SELECT max(decided) FROM unnest($10::timestamptz[]) AS decided)) AS now
  FROM (
    SELECT NOT EXISTS (SELECT 1 FROM known) AND count(*) = cardinality($32::text[]) AS is_free,
      max(s.updated_at) AS latest
    FROM unnest($32::text[], $33::bigint[]) AS e(id, version)
    JOIN levels AS s ON s.id = e.id AND s.version = e.version
  ) AS found
), answer AS (
  INSERT INTO idempotency (scope, key, request_hash, response, created_at)
  SELECT r.scope, r.key, r.request_hash, r.response::jsonb, verdict.now
  FROM verdict, unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r(scope, key, request_hash, response)
  WHERE verdict.is_free
), badge AS (
  UPDATE variant AS v SET badge_state = e.state, badge_available = e.available, badge_revision = e.next
  FROM verdict, unnest($25::text[], $26::bigint[], $29::text[], $30::integer[], $31::bigint[])
    AS e(id, revision, state, available, next)
  WHERE verdict.is_free AND v.id = ANY($25::text[]) AND v.id = e.id AND e.next > e.revision
), level AS (
  UPDATE stock_level AS s SET committed = e.committed, version = e.next, updated_at = verdict.now
  FROM verdict, unnest($32::text[], $33::bigint[], $34::integer[], $35::bigint[]) AS e(id, version, committed, next)
  WHERE verdict.is_free AND s.id = ANY($32::text[]) AND s.id = e.id AND s.version = e.version
), event AS (
  INSERT INTO stock_event (id, variant_id, location_id, version, kind, on_hand_delta, committed_delta,
    safety_stock_delta, incoming_delta, reason, actor, reference, reservation_id, correlation_id, idempotency_key,
    occurred_at)
  SELECT e.id, e.variant_id, e.location_id, e.version, 'RESERVED', 0, e.quantity, 0, 0, 'reservation', e.actor,
    e.reference, e.reservation_id, e.correlation_id, e.key, verdict.now
  FROM verdict,
    unnest($11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $19::text[], $20::text[],
      $21::integer[], $22::bigint[])
      AS e(reservation_id, reference, actor, correlation_id, key, id, variant_id, location_id, quantity, version)
  WHERE verdict.is_free
), held AS (
  INSERT INTO reservation (id, status, reference, actor, correlation_id, expires_at, created_at, updated_at)
  SELECT r.id, 'ACTIVE', r.reference, r.actor, r.correlation_id, r.expires_at, r.created_at, r.created_at
  FROM verdict, unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[])
    AS r(id, reference, actor, correlation_id, expires_at, created_at)
  WHERE verdict.is_free
), held_line AS (
  INSERT INTO reservation_line (id, reservation_id, position, variant_id, location_id, quantity)
  SELECT e.id, e.reservation_id, e.number, e.variant_id, e.location_id, e.quantity
  FROM verdict, unnest($11::text[], $17::text[], $18::integer[], $19::text[], $20::text[], $21::integer[])
    AS e(reservation_id, id, number, variant_id, location_id, quantity)
  WHERE verdict.is_free
), announced AS (
  INSERT INTO outbox (subject, event, created_at)
  SELECT e.subject, e.event::jsonb, verdict.now FROM verdict, unnest($23::text[], $24::text[]) AS e(subject, event)
  WHERE verdict.is_free
)
SELECT verdict.is_free, verdict.now, known.place, known.request_hash, known.response
FROM verdict LEFT JOIN known ON true";

type Statement<'a> = Query<'a, Postgres, PgArguments>;

/// `$1` to `$4`.
fn bind_answers<'a>(query: Statement<'a>, batch: &Batch) -> Statement<'a> {
    let answers = || batch.answers.iter();
    query
        .bind(answers().map(|answer| answer.scope.as_str()).collect::<Vec<_>>())
        .bind(answers().map(|answer| answer.key.as_str()).collect::<Vec<_>>())
        .bind(answers().map(|answer| answer.request_hash.as_str()).collect::<Vec<_>>())
        .bind(answers().map(|answer| answer.response.as_str()).collect::<Vec<_>>())
}

/// `$5` to `$10`.
fn bind_reservations<'a>(query: Statement<'a>, batch: &Batch) -> Statement<'a> {
    let rows = || batch.sales.iter().map(|sale| &sale.reserved.reservation);
    let texts = |of: fn(&reservation::Model) -> &str| rows().map(of).collect::<Vec<_>>();
    let times = |of: fn(&reservation::Model) -> DateTime<Utc>| rows().map(of).collect::<Vec<_>>();
    query
        .bind(texts(|row| &row.id))
        .bind(rows().map(|row| row.reference.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(texts(|row| &row.actor))
        .bind(texts(|row| &row.correlation_id))
        .bind(times(|row| row.expires_at))
        .bind(times(|row| row.created_at))
}

/// `$11` to `$24`: events with the lines that they belong to, and what is announced.
fn bind_lines<'a>(query: Statement<'a>, batch: &Batch) -> Statement<'a> {
    let pairs = || {
        batch.sales.iter().flat_map(|sale| sale.events.iter().zip(&sale.reserved.lines).map(move |pair| (sale, pair)))
    };
    let owners = |of: fn(&Sale) -> &str| pairs().map(|(sale, _)| of(sale)).collect::<Vec<_>>();
    let lines = |of: fn(&reservation_line::Model) -> &str| pairs().map(|(_, (_, line))| of(line)).collect::<Vec<_>>();
    let references = pairs().map(|(sale, _)| sale.reserved.reservation.reference.as_deref());
    query
        .bind(owners(|sale| &sale.reserved.reservation.id))
        .bind(references.collect::<Vec<Option<&str>>>())
        .bind(owners(|sale| &sale.reserved.reservation.actor))
        .bind(owners(|sale| &sale.reserved.reservation.correlation_id))
        .bind(owners(|sale| &sale.key))
        .bind(pairs().map(|_| new_id()).collect::<Vec<String>>())
        .bind(lines(|line| &line.id))
        .bind(pairs().map(|(_, (_, line))| line.position).collect::<Vec<i32>>())
        .bind(lines(|line| &line.variant_id))
        .bind(lines(|line| &line.location_id))
        .bind(pairs().map(|(_, (_, line))| line.quantity).collect::<Vec<i32>>())
        .bind(pairs().map(|(_, (event, _))| event.version).collect::<Vec<i64>>())
        .bind(batch.announcements.iter().map(|(subject, _)| subject.as_str()).collect::<Vec<_>>())
        .bind(batch.announcements.iter().map(|(_, event)| event.as_str()).collect::<Vec<_>>())
}

/// `$25` to `$35`: variants and levels as they were, and as they shall be.
fn bind_levels<'a>(query: Statement<'a>, batch: &Batch) -> Statement<'a> {
    let (variants, levels) = (|| batch.variants.iter(), || batch.levels.iter());
    query
        .bind(variants().map(|variant| variant.id.as_str()).collect::<Vec<_>>())
        .bind(variants().map(|variant| variant.revision).collect::<Vec<i64>>())
        .bind(variants().map(|variant| variant.policy.as_str()).collect::<Vec<_>>())
        .bind(variants().map(|variant| variant.expected_at).collect::<Vec<Option<DateTime<Utc>>>>())
        .bind(variants().map(|variant| variant.next.state.as_str()).collect::<Vec<_>>())
        .bind(variants().map(|variant| variant.next.available).collect::<Vec<i32>>())
        .bind(variants().map(|variant| variant.next.revision).collect::<Vec<i64>>())
        .bind(levels().map(|level| level.id.as_str()).collect::<Vec<_>>())
        .bind(levels().map(|level| level.version).collect::<Vec<i64>>())
        .bind(levels().map(|level| level.next.quantities.committed).collect::<Vec<i32>>())
        .bind(levels().map(|level| level.next.version).collect::<Vec<i64>>())
}
