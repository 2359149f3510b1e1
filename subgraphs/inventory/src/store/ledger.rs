//! Appending to the ledger: events, levels, badges and outbox in the transaction of the command.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter, SqlErr, Statement,
    Value,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use uuid::Uuid;

use super::{StoreError, badges::BadgeOfSku, levels::LoadedStock, outbox};
use crate::{
    domain::{Badge, Level, StockEvent},
    entity::{stock_event, stock_level},
};

/// Who did it, why, and on whose behalf.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// The reason, for people and reports.
    pub(crate) reason: String,
    /// The customer, member of staff or service.
    pub(crate) actor: String,
    /// The document or cart behind it.
    pub(crate) reference: Option<String>,
    /// The request behind it.
    pub(crate) correlation_id: String,
    /// The key of that request.
    pub(crate) idempotency_key: Option<String>,
}

/// An event with the reservation that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// What happened.
    pub(crate) event: StockEvent,
    /// For which reservation.
    pub(crate) reservation_id: Option<String>,
}

/// Rows of one statement; the databases take at most 32,766 values.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Appends `entries`, brings the levels and badges that they touch up to date, and puts changed badges in the outbox.
/// Gives the touched levels.
///
/// # Errors
///
/// [`StoreError::Conflict`] when a level or badge is no longer as it was loaded.
pub(crate) async fn append(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    entries: &[Entry],
    note: &Note,
    low_stock_threshold: i32,
) -> Result<Vec<stock_level::Model>, StoreError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let touched = fold(loaded, entries)?;
    let levels = write_levels(transaction, loaded, &touched).await?;
    write_events(transaction, loaded, entries, note).await?;
    let variant_ids: BTreeSet<String> = touched.into_iter().map(|(variant_id, _)| variant_id).collect();
    announce_badges(transaction, loaded, &variant_ids, (low_stock_threshold, &note.correlation_id)).await?;
    Ok(levels)
}

/// Brings the badges of all loaded variants up to date and puts changed ones in the outbox; gives their number.
pub(crate) async fn refresh_badges(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    low_stock_threshold: i32,
    correlation_id: &str,
) -> Result<usize, StoreError> {
    let variant_ids: BTreeSet<String> = loaded.stock.variants.keys().cloned().collect();
    announce_badges(transaction, loaded, &variant_ids, (low_stock_threshold, correlation_id)).await
}

/// Replaces the stored levels by `levels`, of whatever version they are; badges are left to [`refresh_badges`].
pub(crate) async fn overwrite_levels(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    levels: Vec<((String, String), Level)>,
) -> Result<(), StoreError> {
    let mut touched = BTreeSet::new();
    let mut ids = Vec::with_capacity(levels.len());
    for (key, level) in levels {
        ids.extend(loaded.level_ids.get(&key).cloned());
        if let Some(variant) = loaded.stock.variants.get_mut(&key.0) {
            variant.levels.insert(key.1.clone(), level);
        }
        touched.insert(key);
    }
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        let stale = stock_level::Column::Id.is_in(chunk.iter().map(String::as_str));
        stock_level::Entity::delete_many().filter(stale).exec(transaction).await?;
    }
    write_levels(transaction, loaded, &touched).await?;
    Ok(())
}

async fn announce_badges(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    variant_ids: &BTreeSet<String>,
    (low_stock_threshold, correlation_id): (i32, &str),
) -> Result<usize, StoreError> {
    let changed = project_badges(loaded, variant_ids, low_stock_threshold);
    write_badges(transaction, &changed).await?;
    outbox::enqueue_badges(transaction, &changed, loaded.now, correlation_id).await?;
    Ok(changed.len())
}

/// Folds the entries into the loaded levels and names the levels that changed.
fn fold(loaded: &mut LoadedStock, entries: &[Entry]) -> Result<BTreeSet<(String, String)>, StoreError> {
    let mut touched = BTreeSet::new();
    for Entry { event, .. } in entries {
        let level = loaded.stock.level(&event.variant_id, &event.location_id);
        let next = level
            .evolve(event)
            .map_err(|error| StoreError::Corrupt { table: "stock_event", reason: error.to_string() })?;
        if let Some(variant) = loaded.stock.variants.get_mut(&event.variant_id) {
            variant.levels.insert(event.location_id.clone(), next);
        }
        touched.insert((event.variant_id.clone(), event.location_id.clone()));
    }
    Ok(touched)
}

/// Writes the levels as they are now. The guard on the version and the checks of the table hold even against a writer
/// that took no lock.
async fn write_levels(
    transaction: &impl ConnectionTrait,
    loaded: &mut LoadedStock,
    touched: &BTreeSet<(String, String)>,
) -> Result<Vec<stock_level::Model>, StoreError> {
    let mut rows = Vec::with_capacity(touched.len());
    for key in touched {
        let Level { quantities, version } = loaded.stock.level(&key.0, &key.1);
        let id = loaded.level_ids.entry(key.clone()).or_insert_with(new_id);
        rows.push(stock_level::Model {
            id: id.clone(),
            variant_id: key.0.clone(),
            location_id: key.1.clone(),
            on_hand: quantities.on_hand,
            committed: quantities.committed,
            reserved: quantities.reserved,
            damaged: quantities.damaged,
            quality_control: quantities.quality_control,
            safety_stock: quantities.safety_stock,
            incoming: quantities.incoming,
            version,
            updated_at: loaded.now,
        });
    }
    let only_older = Expr::col((stock_level::Entity, stock_level::Column::Version))
        .lt(Expr::col(("excluded", stock_level::Column::Version)));
    let on_conflict = OnConflict::columns([stock_level::Column::VariantId, stock_level::Column::LocationId])
        .update_columns([
            stock_level::Column::OnHand,
            stock_level::Column::Committed,
            stock_level::Column::Reserved,
            stock_level::Column::Damaged,
            stock_level::Column::QualityControl,
            stock_level::Column::SafetyStock,
            stock_level::Column::Incoming,
            stock_level::Column::Version,
            stock_level::Column::UpdatedAt,
        ])
        .action_and_where(only_older)
        .to_owned();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let models = chunk.iter().cloned().map(|row| row.into_active_model().reset_all());
        let insert = stock_level::Entity::insert_many(models).on_conflict(on_conflict.clone());
        let written = insert.exec_without_returning(transaction).await?;
        if usize::try_from(written).ok() != Some(chunk.len()) {
            return Err(StoreError::Conflict { what: "stock_level" });
        }
    }
    Ok(rows)
}

async fn write_events(
    transaction: &impl ConnectionTrait,
    loaded: &LoadedStock,
    entries: &[Entry],
    note: &Note,
) -> Result<(), StoreError> {
    for chunk in entries.chunks(ROWS_PER_STATEMENT) {
        let rows = chunk.iter().map(|Entry { event, reservation_id }| stock_event::ActiveModel {
            seq: NotSet,
            id: Set(new_id()),
            variant_id: Set(event.variant_id.clone()),
            location_id: Set(event.location_id.clone()),
            version: Set(event.version),
            kind: Set(event.kind.as_str().to_owned()),
            on_hand_delta: Set(event.change.on_hand),
            committed_delta: Set(event.change.committed),
            reserved_delta: Set(event.change.reserved),
            damaged_delta: Set(event.change.damaged),
            quality_control_delta: Set(event.change.quality_control),
            safety_stock_delta: Set(event.change.safety_stock),
            incoming_delta: Set(event.change.incoming),
            reason: Set(note.reason.clone()),
            actor: Set(note.actor.clone()),
            reference: Set(note.reference.clone()),
            reservation_id: Set(reservation_id.clone()),
            correlation_id: Set(note.correlation_id.clone()),
            idempotency_key: Set(note.idempotency_key.clone()),
            occurred_at: Set(loaded.now),
        });
        let insert = stock_event::Entity::insert_many(rows);
        insert.exec_without_returning(transaction).await.map_err(version_taken)?;
    }
    Ok(())
}

/// The unique key of the ledger is `(variant, location, version)`: a duplicate means that somebody appended meanwhile.
fn version_taken(error: DbErr) -> StoreError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => StoreError::Conflict { what: "stock_event" },
        _ => error.into(),
    }
}

/// Computes the badges of these variants and gives those that changed, with their next revision.
pub(super) fn project_badges(
    loaded: &mut LoadedStock,
    variant_ids: &BTreeSet<String>,
    low_stock_threshold: i32,
) -> Vec<BadgeOfSku> {
    let mut changed = Vec::new();
    for variant_id in variant_ids {
        let Some(variant) = loaded.stock.variants.get(variant_id) else { continue };
        let available = loaded.stock.available(variant);
        let revision = variant.badge.revision + 1;
        let badge = Badge::of(available, variant.policy, variant.expected_at, low_stock_threshold, revision);
        // The first one is announced even when it says what an absent one would.
        if variant.badge.revision > 0 && !badge.differs(&variant.badge) {
            continue;
        }
        changed.push(BadgeOfSku::new(variant, &badge));
        if let Some(variant) = loaded.stock.variants.get_mut(variant_id) {
            variant.badge = badge;
        }
    }
    changed
}

/// All rows go as one JSON value, so that the statement is the same, and prepared once, for any number of them.
async fn write_badges(transaction: &impl ConnectionTrait, changed: &[BadgeOfSku]) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let rows: Vec<serde_json::Value> = changed
        .iter()
        .map(|badge| {
            serde_json::json!({
                "id": badge.variant_id,
                "state": badge.state.as_str(),
                "available": badge.available,
                "revision": badge.revision,
            })
        })
        .collect();
    let backend = transaction.get_database_backend();
    let sql = if backend == DbBackend::Postgres { WRITE_BADGES_POSTGRES } else { WRITE_BADGES_SQLITE };
    let rows = Value::from(serde_json::Value::Array(rows));
    let written = transaction.execute_raw(Statement::from_sql_and_values(backend, sql, [rows])).await?;
    if usize::try_from(written.rows_affected()).ok() != Some(changed.len()) {
        return Err(StoreError::Conflict { what: "variant" });
    }
    Ok(())
}

const WRITE_BADGES_POSTGRES: &str = "
UPDATE variant SET badge_state = r.state, badge_available = r.available, badge_revision = r.revision
FROM jsonb_to_recordset($1) AS r(id text, state text, available integer, revision bigint)
WHERE variant.id = r.id AND variant.badge_revision < r.revision";

const WRITE_BADGES_SQLITE: &str = "
UPDATE variant SET badge_state = r.state, badge_available = r.available, badge_revision = r.revision
FROM (SELECT value ->> 'id' AS id, value ->> 'state' AS state, value ->> 'available' AS available,
             value ->> 'revision' AS revision FROM json_each($1)) AS r
WHERE variant.id = r.id AND variant.badge_revision < r.revision";

/// UUIDv7 text: ids of later rows sort later.
pub(crate) fn new_id() -> String {
    Uuid::now_v7().to_string()
}
