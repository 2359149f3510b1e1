//! Collections: made, changed, taken away, and curated by hand.

mod curate;
mod write;

pub use curate::{Added, CHANGES_MAX, Curate, NOTE_MAX, PRODUCTS_MAX};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait, QuerySelect};
use serde::{Deserialize, Serialize};
pub use write::{CollectionDraft, SMART_MAX};

use crate::{
    domain::{ErrorCode, UserError},
    entity::collection,
    store::{StoreError, collections, now},
};

/// A collection that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionWritten {
    /// Its id.
    pub id: String,
}

async fn locked(transaction: &DatabaseTransaction, id: &str) -> Result<Option<collection::Model>, StoreError> {
    Ok(collection::Entity::find_by_id(id).lock_exclusive().one(transaction).await?)
}

/// Counts up the revision of a collection and tells that it has changed.
pub(super) async fn count_up(
    transaction: &DatabaseTransaction,
    row: collection::Model,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let time = now::read(transaction).await?;
    let changed = collection::ActiveModel {
        id: Set(row.id),
        revision: Set(row.revision + 1),
        // A clock that was set back makes no collection older.
        updated_at: Set(row.updated_at.max(time)),
        ..Default::default()
    };
    let row = changed.update(transaction).await?;
    collections::announce(transaction, &row, false, correlation_id).await
}

fn unknown(id: &str) -> Vec<UserError> {
    vec![UserError::at(&["id"], ErrorCode::UnknownCollection, format!("there is no collection `{id}`"))]
}
