//! Locations by their codes.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use uuid::Uuid;

use crate::{
    catalog::draft::LocationDraft,
    entity::location::{ActiveModel, Column, Entity},
    store::{Store, StoreError},
};

/// Inserts what is missing, and gives the ids of all by code.
pub(super) async fn load(store: &Store, drafts: &[LocationDraft]) -> Result<HashMap<String, String>, StoreError> {
    if drafts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = drafts.iter().map(|draft| ActiveModel {
        id: Set(Uuid::now_v7().to_string()),
        code: Set(draft.code.clone()),
        name: Set(draft.name.clone()),
        kind: Set(draft.kind.as_str().to_owned()),
        city: Set(draft.city.clone()),
        country_code: Set(draft.country_code.clone()),
        priority: Set(draft.priority),
        active: Set(true),
    });
    let transaction = store.begin_write().await?;
    Entity::insert_many(rows)
        .on_conflict(OnConflict::column(Column::Code).do_nothing().to_owned())
        .exec_without_returning(&transaction)
        .await?;
    let codes = drafts.iter().map(|draft| draft.code.as_str());
    let known = Entity::find().filter(Column::Code.is_in(codes)).all(&transaction).await?;
    transaction.commit().await?;
    Ok(known.into_iter().map(|location| (location.code, location.id)).collect())
}
