//! Locations by key, and the list of them.

use sea_orm::{EntityTrait, QueryFilter};

use super::{
    keys::one_of,
    page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
};
use crate::{entity::location, error::StoreError, store::Store};

fn ordering() -> Ordering {
    Ordering::by("location", location::Column::Priority, location::Column::Id)
}

/// The cursor of `row` in the list of locations.
#[must_use]
pub fn location_cursor(row: &location::Model) -> String {
    encode_cursor(ordering().name, Key::Number(row.priority.into()), &row.id)
}

/// One page of all locations, those that are taken from first in front.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_locations(store: &Store, page: &PageRequest) -> Result<Page<location::Model>, ReadError> {
    let select = select_page(location::Entity::find(), &ordering(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// The locations with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn locations_by_id(store: &Store, ids: &[String]) -> Result<Vec<location::Model>, StoreError> {
    Ok(location::Entity::find().filter(one_of(store, location::Column::Id, ids)).all(store.reader()).await?)
}

/// All locations: a few hundred.
///
/// # Errors
///
/// When the store fails.
pub async fn all_locations(store: &Store) -> Result<Vec<location::Model>, StoreError> {
    Ok(location::Entity::find().all(store.reader()).await?)
}
