//! At how many pieces staff wants to hear of a variant.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};

use crate::{
    entity::stock_alert_threshold::{Column, Entity, Model},
    store::{Store, StoreError, catalog_read::among},
};

/// The thresholds of these variants, by (variant, location).
pub(super) async fn thresholds(
    connection: &impl ConnectionTrait,
    variant_ids: impl IntoIterator<Item = String>,
) -> Result<HashMap<(String, String), i32>, StoreError> {
    let own = among(connection.get_database_backend(), Column::VariantId, variant_ids);
    let rows = Entity::find().filter(own).all(connection).await?;
    Ok(rows.into_iter().map(|row| ((row.variant_id, row.location_id), row.threshold)).collect())
}

/// The first `limit` thresholds of a variant, that over all locations in front.
///
/// # Errors
///
/// When the store fails.
pub async fn thresholds_of(store: &Store, variant_id: &str, limit: u64) -> Result<Vec<Model>, StoreError> {
    let rows = Entity::find().filter(Column::VariantId.eq(variant_id)).order_by_asc(Column::LocationId).limit(limit);
    Ok(rows.all(store.reader()).await?)
}

/// Sets a threshold, or takes it away.
pub(crate) async fn write_threshold(
    transaction: &impl ConnectionTrait,
    place: (&str, &str),
    row: Option<&Model>,
) -> Result<(), StoreError> {
    let Some(row) = row else {
        let own = Entity::delete_many().filter(Column::VariantId.eq(place.0));
        own.filter(Column::LocationId.eq(place.1)).exec(transaction).await?;
        return Ok(());
    };
    let on_conflict = OnConflict::columns([Column::VariantId, Column::LocationId])
        .update_columns([Column::Threshold, Column::UpdatedBy, Column::UpdatedAt])
        .to_owned();
    let insert = Entity::insert(row.clone().into_active_model().reset_all()).on_conflict(on_conflict);
    insert.exec_without_returning(transaction).await?;
    Ok(())
}
