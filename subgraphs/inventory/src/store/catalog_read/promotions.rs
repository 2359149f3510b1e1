//! Promotions, for those who make them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page};
use crate::{
    entity::{promotion, promotion_target},
    error::StoreError,
    store::Store,
};

fn by_creation() -> Ordering {
    Ordering::by("promotions", promotion::Column::CreatedAt, promotion::Column::Id).descending()
}

/// The cursor of `row` in the list of promotions.
#[must_use]
pub fn promotion_cursor(row: &promotion::Model) -> String {
    encode_cursor(by_creation().name, Key::Time(row.created_at), &row.id)
}

/// One page of all promotions, the latest first.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_promotions(store: &Store, page: &PageRequest) -> Result<Page<promotion::Model>, ReadError> {
    let select = select_page(promotion::Entity::find(), &by_creation(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// The promotions with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn promotions_by_id(store: &Store, ids: &[String]) -> Result<Vec<promotion::Model>, StoreError> {
    Ok(promotion::Entity::find().filter(promotion::Column::Id.is_in(ids)).all(store.reader()).await?)
}

/// What the promotions with one of `ids` hold for.
///
/// # Errors
///
/// When the store fails.
pub async fn targets_of_promotions(store: &Store, ids: &[String]) -> Result<Vec<promotion_target::Model>, StoreError> {
    let targets = promotion_target::Entity::find().filter(promotion_target::Column::PromotionId.is_in(ids));
    let targets = targets.order_by_asc(promotion_target::Column::Kind);
    Ok(targets.order_by_asc(promotion_target::Column::TargetId).all(store.reader()).await?)
}
