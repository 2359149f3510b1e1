//! The tree of categories.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::keys::one_of;
use crate::{
    entity::{taxonomy_ancestor, taxonomy_category},
    error::StoreError,
    store::Store,
};

/// A node on the way from the top to another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// Where the way ends.
    pub category_id: String,
    /// A node on it.
    pub category: taxonomy_category::Model,
}

/// The categories with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn categories_by_id(store: &Store, ids: &[String]) -> Result<Vec<taxonomy_category::Model>, StoreError> {
    let rows = taxonomy_category::Entity::find().filter(one_of(store, taxonomy_category::Column::Id, ids));
    Ok(rows.all(store.reader()).await?)
}

/// The categories right below one of `parent_ids`, each one's by name.
///
/// # Errors
///
/// When the store fails.
pub async fn children_of_categories(
    store: &Store,
    parent_ids: &[String],
) -> Result<Vec<taxonomy_category::Model>, StoreError> {
    let below = one_of(store, taxonomy_category::Column::ParentId, parent_ids);
    let rows = taxonomy_category::Entity::find().filter(below).order_by_asc(taxonomy_category::Column::Name);
    Ok(rows.all(store.reader()).await?)
}

/// The first `count` categories at the top, by name.
///
/// # Errors
///
/// When the store fails.
pub async fn top_categories(store: &Store, count: u64) -> Result<Vec<taxonomy_category::Model>, StoreError> {
    let top = taxonomy_category::Entity::find().filter(taxonomy_category::Column::ParentId.is_null());
    Ok(top.order_by_asc(taxonomy_category::Column::Name).limit(count).all(store.reader()).await?)
}

/// The ways from the top to the categories with one of `ids`, each with its end.
///
/// # Errors
///
/// When the store fails.
pub async fn paths_of_categories(store: &Store, ids: &[String]) -> Result<Vec<PathStep>, StoreError> {
    let links = taxonomy_ancestor::Entity::find().filter(one_of(store, taxonomy_ancestor::Column::CategoryId, ids));
    let links = links.order_by_desc(taxonomy_ancestor::Column::Distance).all(store.reader()).await?;
    let mut nodes: Vec<String> = links.iter().map(|link| link.ancestor_id.clone()).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let nodes = categories_by_id(store, &nodes).await?;
    let step = |link: taxonomy_ancestor::Model| {
        let category = nodes.iter().find(|node| node.id == link.ancestor_id)?.clone();
        Some(PathStep { category_id: link.category_id, category })
    };
    Ok(links.into_iter().filter_map(step).collect())
}
