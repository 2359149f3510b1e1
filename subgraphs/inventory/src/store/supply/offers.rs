//! What a shopper would be promised now beyond the stock.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{places, promises::takes_from, settle::terms};
use crate::{
    domain::{Level, Place},
    entity::{inbound_line, order_promise, variant},
    store::{
        Store, StoreError, badges,
        catalog_read::{inbound_of_variants, levels_of_variants, variants_by_id},
        channels, now,
    },
};

/// What a channel may promise of a variant beyond its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer {
    /// Pieces.
    pub pieces: i32,
    /// When the first of them is expected; not before now.
    pub expected_at: Option<DateTime<Utc>>,
}

/// What the channel `code` may promise beyond the stock of these variants, by id. Nothing when there is no such channel.
///
/// # Errors
///
/// When the store fails.
pub async fn offers(store: &Store, code: &str, variant_ids: &[String]) -> Result<HashMap<String, Offer>, StoreError> {
    let connection = store.reader();
    let Some(channel) = channels::read(connection, code, variant_ids).await? else { return Ok(HashMap::new()) };
    let rules = channel.rules;
    let variants = variants_by_id(store, variant_ids).await?;
    let policy = |row: &variant::Model| Ok((row.id.clone(), badges::policy(&row.stock_policy)?));
    let policies = variants.iter().map(policy).collect::<Result<Vec<_>, StoreError>>()?;
    let terms = terms(connection, &policies).await?;
    let lines = inbound_of_variants(store, variant_ids).await?;
    let levels = levels_of_variants(store, variant_ids).await?;
    let mut ids: Vec<&str> = lines.iter().map(|line| line.location_id.as_str()).collect();
    ids.extend(levels.iter().map(|level| level.location_id.as_str()));
    ids.sort_unstable();
    ids.dedup();
    let places: BTreeMap<String, Place> = places(connection, &ids).await?;
    let waiting = waiting(store, variant_ids).await?;
    let now = now::read(connection).await?;
    let offer = |variant_id: &String| {
        let own = levels.iter().filter(|level| level.variant_id == *variant_id);
        let own: Vec<(&str, Level)> = own.map(|row| (row.location_id.as_str(), Level::from(row))).collect();
        let own = own.iter().map(|(id, level)| (*id, level));
        let in_stock = rules.available_to_promise(variant_id, own, |id| places.get(id).copied());
        let free: Vec<&inbound_line::Model> = lines
            .iter()
            .filter(|line| line.variant_id == *variant_id && line.open_quantity > line.promised_quantity)
            .filter(|line| takes_from(Some(&rules), None, (&line.location_id, places.get(&line.location_id))))
            .collect();
        let coming =
            free.iter().fold(0_i32, |sum, line| sum.saturating_add(line.open_quantity - line.promised_quantity));
        let waiting = waiting.get(variant_id).copied().unwrap_or_default();
        let room = terms.get(variant_id).map_or(0, |terms| terms.room(now, waiting));
        let pieces = rules.promisable(variant_id, in_stock, coming).min(room);
        let earliest = free.first().map(|line| line.expected_at.max(now));
        (variant_id.clone(), Offer { pieces, expected_at: earliest.filter(|_| pieces > 0) })
    };
    Ok(variant_ids.iter().map(offer).collect())
}

async fn waiting(store: &Store, variant_ids: &[String]) -> Result<HashMap<String, i32>, StoreError> {
    let rows: Vec<(String, i64)> = order_promise::Entity::find()
        .select_only()
        .column(order_promise::Column::VariantId)
        .column_as(order_promise::Column::WaitingQuantity.sum(), "waiting")
        .filter(order_promise::Column::VariantId.is_in(variant_ids.iter().map(String::as_str)))
        .filter(order_promise::Column::WaitingQuantity.gt(0))
        .group_by(order_promise::Column::VariantId)
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(rows.into_iter().map(|(id, sum)| (id, i32::try_from(sum).unwrap_or(i32::MAX))).collect())
}
