//! The stock of many SKUs in one round trip.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, PgConnection, Row, postgres::PgRow};

use super::{failed, record};
use crate::{
    domain::{Level, Place, Quantities, SkuStock, Stock},
    store::{StoreError, badges, catalog_read::STATUS_SHOWN, levels::LoadedStock},
};

/// Reads the variants with these SKUs, all their levels, and the time, in one statement; and the locations named in
/// `places` when no level lies there.
///
/// # Errors
///
/// When the database fails, or holds what cannot be.
pub(crate) async fn read(
    connection: &mut PgConnection,
    skus: &[&str],
    places: &[&str],
) -> Result<LoadedStock, StoreError> {
    let began = tokio::time::Instant::now();
    let rows = sqlx::query(READ).bind(skus).fetch_all(&mut *connection).await;
    record(began, rows.is_err());
    let rows = rows.map_err(failed)?;
    let now = rows.first().map(|row| row.try_get("now")).transpose().map_err(failed)?;
    let now = now.ok_or_else(|| corrupt("clock", "the database gave no time"))?;
    let mut loaded = LoadedStock { stock: Stock::default(), now, level_ids: HashMap::new() };
    for row in &rows {
        take_row(&mut loaded, row)?;
    }
    read_places(connection, &mut loaded.stock, places).await?;
    Ok(loaded)
}

/// Locks the variants with these SKUs in the order of their ids, as every command does.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn lock(connection: &mut PgConnection, skus: &[&str]) -> Result<(), StoreError> {
    let began = tokio::time::Instant::now();
    let locked = sqlx::query(LOCK).bind(skus).execute(connection).await;
    record(began, locked.is_err());
    locked.map(|_| ()).map_err(failed)
}

pub(super) const LOCK: &str = "SELECT id FROM variant WHERE sku = ANY($1) ORDER BY id FOR NO KEY UPDATE";

/// One row per level; one without a level for a variant that has none; one without a variant when there is none. Joined row by
/// row, so that no plan reads a table whole, however few rows it had when the statement was planned.
pub(super) const READ: &str = "
SELECT clock.now, v.*, l.*
FROM (SELECT clock_timestamp() AS now) AS clock
LEFT JOIN LATERAL (
  SELECT variant.id AS variant_id, variant.product_id, variant.sku, variant.stock_policy, variant.expected_at,
         variant.badge_state, variant.badge_available, variant.badge_revision,
         (SELECT product.status FROM product WHERE product.id = variant.product_id) AS product_status
  FROM variant WHERE variant.sku = ANY($1)
) AS v ON true
LEFT JOIN LATERAL (
  SELECT stock_level.id AS level_id, stock_level.location_id, stock_level.on_hand, stock_level.committed,
         stock_level.reserved, stock_level.damaged, stock_level.quality_control, stock_level.safety_stock,
         stock_level.incoming, stock_level.version, stock_level.updated_at,
         (SELECT location.priority FROM location WHERE location.id = stock_level.location_id) AS priority,
         (SELECT location.active FROM location WHERE location.id = stock_level.location_id) AS active
  FROM stock_level WHERE stock_level.variant_id = v.variant_id
) AS l ON true";

fn take_row(loaded: &mut LoadedStock, row: &PgRow) -> Result<(), StoreError> {
    let Some(variant_id) = row.try_get::<Option<String>, _>("variant_id").map_err(failed)? else { return Ok(()) };
    if !loaded.stock.variants.contains_key(&variant_id) {
        loaded.stock.insert(variant(variant_id.clone(), row)?);
    }
    let Some(level_id) = row.try_get::<Option<String>, _>("level_id").map_err(failed)? else { return Ok(()) };
    let location_id: String = row.try_get("location_id").map_err(failed)?;
    let place = || Ok(Place { priority: row.try_get("priority")?, active: row.try_get("active")? });
    loaded.stock.places.insert(location_id.clone(), place().map_err(failed)?);
    // A clock that was set back makes no past that was not.
    loaded.now = loaded.now.max(row.try_get("updated_at").map_err(failed)?);
    let level = level(row).map_err(failed)?;
    if let Some(variant) = loaded.stock.variants.get_mut(&variant_id) {
        variant.levels.insert(location_id.clone(), level);
    }
    loaded.level_ids.insert((variant_id, location_id), level_id);
    Ok(())
}

fn variant(variant_id: String, row: &PgRow) -> Result<SkuStock, StoreError> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let expected_at: Option<DateTime<Utc>> = row.try_get("expected_at").map_err(failed)?;
    let available = row.try_get("badge_available").map_err(failed)?;
    let revision = row.try_get("badge_revision").map_err(failed)?;
    Ok(SkuStock {
        variant_id,
        product_id: text("product_id")?,
        sku: text("sku")?,
        is_shown: text("product_status")? == STATUS_SHOWN,
        policy: badges::policy(&text("stock_policy")?)?,
        expected_at,
        badge: badges::stored((&text("badge_state")?, available, revision), expected_at)?,
        levels: BTreeMap::new(),
    })
}

fn level(row: &PgRow) -> Result<Level, sqlx::Error> {
    let quantities = Quantities {
        on_hand: row.try_get("on_hand")?,
        committed: row.try_get("committed")?,
        reserved: row.try_get("reserved")?,
        damaged: row.try_get("damaged")?,
        quality_control: row.try_get("quality_control")?,
        safety_stock: row.try_get("safety_stock")?,
        incoming: row.try_get("incoming")?,
    };
    Ok(Level { quantities, version: row.try_get("version")? })
}

async fn read_places(connection: &mut PgConnection, stock: &mut Stock, places: &[&str]) -> Result<(), StoreError> {
    let missing: Vec<&str> = places.iter().copied().filter(|id| !stock.places.contains_key(*id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let began = tokio::time::Instant::now();
    let rows = sqlx::query("SELECT id, priority, active FROM location WHERE id = ANY($1)").bind(&missing);
    let rows = rows.fetch_all(connection).await;
    record(began, rows.is_err());
    for row in rows.map_err(failed)? {
        let place = || Ok(Place { priority: row.try_get("priority")?, active: row.try_get("active")? });
        stock.places.insert(row.try_get("id").map_err(failed)?, place().map_err(failed)?);
    }
    Ok(())
}

fn corrupt(table: &'static str, reason: &str) -> StoreError {
    StoreError::Corrupt { table, reason: reason.to_owned() }
}
