//! Loading the stock that a command is about, under the lock that serialises the commands of one SKU.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

use super::{StoreError, badges, catalog_read::STATUS_SHOWN, now};
use crate::{
    domain::{Level, Place, Quantities, SkuStock, Stock},
    entity::{location, stock_level, variant},
};

/// Which variants to load.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    /// Those with these SKUs.
    Skus(&'a [String]),
    /// Those with these ids.
    Ids(&'a [String]),
}

/// Stock as it is inside the running transaction.
#[derive(Debug)]
pub(crate) struct LoadedStock {
    /// What decisions read.
    pub(crate) stock: Stock,
    /// The time by the clock of the database.
    pub(crate) now: DateTime<Utc>,
    /// Row ids of the levels by `(variant, location)`.
    pub(super) level_ids: HashMap<(String, String), String>,
}

#[derive(FromQueryResult)]
struct VariantRow {
    id: String,
    product_id: String,
    sku: String,
    product_status: String,
    stock_policy: String,
    expected_at: Option<DateTime<Utc>>,
    badge_state: String,
    badge_available: i32,
    badge_revision: i64,
    database_now: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct LevelRow {
    #[sea_orm(nested)]
    level: stock_level::Model,
    priority: i32,
    active: bool,
}

impl From<&stock_level::Model> for Level {
    fn from(row: &stock_level::Model) -> Self {
        let quantities = Quantities {
            on_hand: row.on_hand,
            committed: row.committed,
            reserved: row.reserved,
            damaged: row.damaged,
            quality_control: row.quality_control,
            safety_stock: row.safety_stock,
            incoming: row.incoming,
        };
        Self { quantities, version: row.version }
    }
}

/// Loads the chosen variants with all their levels, and the locations named in `places`.
///
/// The variants' rows are locked first and in the order of their ids: commands on one SKU follow each other, commands
/// on several cannot deadlock, and the sum over locations that makes a badge is exact.
pub(crate) async fn load(
    transaction: &impl ConnectionTrait,
    which: Which<'_>,
    places: &[&str],
) -> Result<LoadedStock, StoreError> {
    let rows = lock_variants(transaction, which).await?;
    let now = match rows.first() {
        Some(row) => row.database_now,
        None => now::read(transaction).await?,
    };
    let mut loaded = LoadedStock { stock: Stock::default(), now, level_ids: HashMap::new() };
    for row in rows {
        loaded.stock.insert(SkuStock {
            policy: badges::policy(&row.stock_policy)?,
            badge: badges::stored((&row.badge_state, row.badge_available, row.badge_revision), row.expected_at)?,
            variant_id: row.id,
            product_id: row.product_id,
            sku: row.sku,
            is_shown: row.product_status == STATUS_SHOWN,
            expected_at: row.expected_at,
            levels: BTreeMap::new(),
        });
    }
    if !loaded.stock.variants.is_empty() {
        load_levels(transaction, &mut loaded).await?;
    }
    load_places(transaction, &mut loaded.stock, places).await?;
    Ok(loaded)
}

async fn lock_variants(transaction: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<VariantRow>, StoreError> {
    let chosen = match which {
        Which::Skus(skus) => variant::Column::Sku.is_in(skus.iter().map(String::as_str)),
        Which::Ids(ids) => variant::Column::Id.is_in(ids.iter().map(String::as_str)),
    };
    let query = variant::Entity::find()
        .select_only()
        .columns([
            variant::Column::Id,
            variant::Column::ProductId,
            variant::Column::Sku,
            variant::Column::StockPolicy,
            variant::Column::ExpectedAt,
            variant::Column::BadgeState,
            variant::Column::BadgeAvailable,
            variant::Column::BadgeRevision,
        ])
        // A subquery, because a join would lock the product too.
        .expr_as(Expr::cust("(SELECT status FROM product WHERE product.id = variant.product_id)"), "product_status")
        .expr_as(now::now(transaction.get_database_backend()), "database_now")
        .filter(chosen)
        .order_by_asc(variant::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(query.into_model::<VariantRow>().all(transaction).await?)
}

async fn load_levels(transaction: &impl ConnectionTrait, loaded: &mut LoadedStock) -> Result<(), StoreError> {
    let of_location = stock_level::Entity::belongs_to(location::Entity)
        .from(stock_level::Column::LocationId)
        .to(location::Column::Id)
        .into();
    let rows = stock_level::Entity::find()
        .join(JoinType::InnerJoin, of_location)
        .column(location::Column::Priority)
        .column(location::Column::Active)
        .filter(stock_level::Column::VariantId.is_in(loaded.stock.variants.keys().map(String::as_str)))
        .into_model::<LevelRow>()
        .all(transaction)
        .await?;
    for LevelRow { level: row, priority, active } in rows {
        loaded.stock.places.insert(row.location_id.clone(), Place { priority, active });
        if let Some(variant) = loaded.stock.variants.get_mut(&row.variant_id) {
            variant.levels.insert(row.location_id.clone(), Level::from(&row));
        }
        // The clock may be read before the lock is had, or be set back. Later events of a level are not earlier: who
        // asks for the stock at a time gets a state that there was.
        loaded.now = loaded.now.max(row.updated_at);
        loaded.level_ids.insert((row.variant_id, row.location_id), row.id);
    }
    Ok(())
}

async fn load_places(transaction: &impl ConnectionTrait, stock: &mut Stock, places: &[&str]) -> Result<(), StoreError> {
    let missing: Vec<&str> = places.iter().copied().filter(|id| !stock.places.contains_key(*id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let rows = location::Entity::find().filter(location::Column::Id.is_in(missing)).all(transaction).await?;
    for row in rows {
        stock.places.insert(row.id, Place { priority: row.priority, active: row.active });
    }
    Ok(())
}
