//! Channels and their rules.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict},
};

use super::{
    Store, StoreError,
    catalog_read::{levels_of_variants, locations_by_id},
};
use crate::{
    domain::{Allocation, ChannelRules, Level, Place},
    entity::{channel, channel_allocation, channel_location},
};

/// In the row of the rule for variants without one of their own.
const ALL_VARIANTS: &str = "";
const SHARE: &str = "SHARE";
const LIMIT: &str = "LIMIT";

/// A channel with its rules; those of variants are only of the variants that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelWithRules {
    /// The channel.
    pub channel: channel::Model,
    /// Its rules.
    pub rules: ChannelRules,
}

/// The channel `code` with its rules for `variant_ids`.
///
/// # Errors
///
/// When the store fails.
pub async fn read(
    connection: &impl ConnectionTrait,
    code: &str,
    variant_ids: &[String],
) -> Result<Option<ChannelWithRules>, StoreError> {
    let Some(channel) = channel::Entity::find().filter(channel::Column::Code.eq(code)).one(connection).await? else {
        return Ok(None);
    };
    let named = variant_ids.iter().map(String::as_str).chain([ALL_VARIANTS]);
    let allocations = channel_allocation::Entity::find()
        .filter(channel_allocation::Column::ChannelId.eq(channel.id.as_str()))
        .filter(channel_allocation::Column::VariantId.is_in(named))
        .all(connection)
        .await?;
    let mut rules =
        ChannelRules { is_active: channel.active, safety_stock: channel.safety_stock, ..ChannelRules::default() };
    for row in allocations {
        let allocation = allocation_of(&row)?;
        if row.variant_id == ALL_VARIANTS {
            rules.allocation = allocation;
        } else {
            rules.of_variants.insert(row.variant_id, allocation);
        }
    }
    let locations = locations_of(connection, &channel.id).await?;
    if !locations.is_empty() {
        rules.locations = Some(locations.into_iter().map(|row| (row.location_id, row.priority)).collect());
    }
    Ok(Some(ChannelWithRules { channel, rules }))
}

/// Where a channel sells from, first to be taken from in front; empty for everywhere.
///
/// # Errors
///
/// When the store fails.
pub async fn locations_of(
    connection: &impl ConnectionTrait,
    channel_id: &str,
) -> Result<Vec<channel_location::Model>, StoreError> {
    let rows = channel_location::Entity::find()
        .filter(channel_location::Column::ChannelId.eq(channel_id))
        .order_by_asc(channel_location::Column::Priority)
        .order_by_asc(channel_location::Column::LocationId);
    Ok(rows.all(connection).await?)
}

/// Pieces that the channel `code` may promise, by variant; `None` when there is no such channel.
///
/// # Errors
///
/// When the store fails.
pub async fn promises(
    store: &Store,
    code: &str,
    variant_ids: &[String],
) -> Result<Option<(channel::Model, HashMap<String, i32>)>, StoreError> {
    let Some(ChannelWithRules { channel, rules }) = read(store.reader(), code, variant_ids).await? else {
        return Ok(None);
    };
    let levels = levels_of_variants(store, variant_ids).await?;
    let mut location_ids: Vec<String> = levels.iter().map(|row| row.location_id.clone()).collect();
    location_ids.sort_unstable();
    location_ids.dedup();
    let places: HashMap<String, Place> = locations_by_id(store, &location_ids)
        .await?
        .into_iter()
        .map(|row| (row.id, Place { priority: row.priority, active: row.active }))
        .collect();
    let mut of_variants: HashMap<&str, Vec<(&str, Level)>> = HashMap::new();
    for row in &levels {
        let level = (row.location_id.as_str(), Level::from(row));
        of_variants.entry(row.variant_id.as_str()).or_default().push(level);
    }
    let promised = |variant_id: &String| {
        let levels = of_variants.get(variant_id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let levels = levels.iter().map(|(location_id, level)| (*location_id, level));
        rules.available_to_promise(variant_id, levels, |id| places.get(id).copied())
    };
    let promised = variant_ids.iter().map(|variant_id| (variant_id.clone(), promised(variant_id))).collect();
    Ok(Some((channel, promised)))
}

/// The first `count` channels by code.
///
/// # Errors
///
/// When the store fails.
pub async fn list(connection: &impl ConnectionTrait, count: u64) -> Result<Vec<channel::Model>, StoreError> {
    Ok(channel::Entity::find().order_by_asc(channel::Column::Code).limit(count).all(connection).await?)
}

/// The channel `code`, locked, so that changes of its rules follow each other.
pub(crate) async fn lock(transaction: &impl ConnectionTrait, code: &str) -> Result<Option<channel::Model>, StoreError> {
    let found = channel::Entity::find().filter(channel::Column::Code.eq(code)).lock(LockType::Update);
    Ok(found.one(transaction).await?)
}

/// Writes the channel.
pub(crate) async fn write(transaction: &impl ConnectionTrait, channel: &channel::Model) -> Result<(), StoreError> {
    let on_conflict = OnConflict::column(channel::Column::Id)
        .update_columns([
            channel::Column::Name,
            channel::Column::Active,
            channel::Column::SafetyStock,
            channel::Column::Revision,
            channel::Column::UpdatedAt,
        ])
        .to_owned();
    channel::Entity::insert(channel.clone().into_active_model().reset_all())
        .on_conflict(on_conflict)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// Puts `locations`, first to be taken from in front, in place of those that the channel has.
pub(crate) async fn write_locations(
    transaction: &impl ConnectionTrait,
    channel_id: &str,
    locations: &[String],
) -> Result<(), StoreError> {
    channel_location::Entity::delete_many()
        .filter(channel_location::Column::ChannelId.eq(channel_id))
        .exec(transaction)
        .await?;
    if !locations.is_empty() {
        let rows = locations.iter().zip(1..).map(|(location_id, priority)| channel_location::ActiveModel {
            channel_id: Set(channel_id.to_owned()),
            location_id: Set(location_id.clone()),
            priority: Set(priority),
        });
        channel_location::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Sets the rules of variants, and with `None` that of all without one of their own. [`Allocation::All`] takes the row
/// away, where it says nothing that is not so without it.
pub(crate) async fn write_allocations(
    transaction: &impl ConnectionTrait,
    channel_id: &str,
    allocations: &[(Option<String>, Option<Allocation>)],
) -> Result<(), StoreError> {
    let variant = |variant_id: &Option<String>| variant_id.clone().unwrap_or_else(|| ALL_VARIANTS.to_owned());
    channel_allocation::Entity::delete_many()
        .filter(channel_allocation::Column::ChannelId.eq(channel_id))
        .filter(channel_allocation::Column::VariantId.is_in(allocations.iter().map(|(id, _)| variant(id))))
        .exec(transaction)
        .await?;
    let rows: Vec<_> = allocations
        .iter()
        .filter_map(|(variant_id, allocation)| {
            let (kind, amount) = match (*allocation)? {
                // For one variant it lifts the rule of all.
                Allocation::All if variant_id.is_some() => (SHARE, 100),
                Allocation::All => return None,
                Allocation::Share(percent) => (SHARE, i32::from(percent)),
                Allocation::Limit(pieces) => (LIMIT, pieces),
            };
            Some(channel_allocation::ActiveModel {
                channel_id: Set(channel_id.to_owned()),
                variant_id: Set(variant(variant_id)),
                kind: Set(kind.to_owned()),
                amount: Set(amount),
            })
        })
        .collect();
    if !rows.is_empty() {
        channel_allocation::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

fn allocation_of(row: &channel_allocation::Model) -> Result<Allocation, StoreError> {
    match (row.kind.as_str(), u8::try_from(row.amount)) {
        (SHARE, Ok(percent)) => Ok(Allocation::Share(percent)),
        (LIMIT, _) => Ok(Allocation::Limit(row.amount)),
        _ => {
            let reason = format!("`{}` {} is no allocation", row.kind, row.amount);
            Err(StoreError::Corrupt { table: "channel_allocation", reason })
        }
    }
}
