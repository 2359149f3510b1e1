//! The tree of categories, with every node's way up kept beside it, so that what is below a node is found by one index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    StoreError, now,
    outbox::{NewEvent, enqueue},
};
use crate::entity::{product, taxonomy_ancestor, taxonomy_category};

/// Type of the event that tells of a category.
pub const CATEGORY_CHANGED: &str = "com.selvedge.inventory.taxonomy_category_changed.v1";
/// The most levels of the tree.
pub const LEVELS_MAX: usize = 10;
/// The longest name in characters.
pub const NAME_MAX: usize = 255;
/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1_000;

const HOLD_TREE: &str = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.selvedge.inventory.taxonomy'))";

/// Waits until nobody changes the tree, and keeps it so until the end of the transaction.
pub(crate) async fn hold_tree(transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
    // SQLite has one writer.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(HOLD_TREE).await?;
    }
    Ok(())
}

/// The node with `id`.
pub(crate) async fn node(
    connection: &impl ConnectionTrait,
    id: &str,
) -> Result<Option<taxonomy_category::Model>, StoreError> {
    Ok(taxonomy_category::Entity::find_by_id(id).one(connection).await?)
}

/// The node called `name` below `parent_id`, or at the top.
pub(crate) async fn child(
    connection: &impl ConnectionTrait,
    parent_id: Option<&str>,
    name: &str,
) -> Result<Option<taxonomy_category::Model>, StoreError> {
    let below = match parent_id {
        Some(id) => taxonomy_category::Column::ParentId.eq(id),
        None => taxonomy_category::Column::ParentId.is_null(),
    };
    let called = taxonomy_category::Entity::find().filter(below).filter(taxonomy_category::Column::Name.eq(name));
    Ok(called.one(connection).await?)
}

/// How many nodes are right below `parent_id`, or at the top.
pub(crate) async fn count_children(
    connection: &impl ConnectionTrait,
    parent_id: Option<&str>,
) -> Result<u64, StoreError> {
    let below = match parent_id {
        Some(id) => taxonomy_category::Column::ParentId.eq(id),
        None => taxonomy_category::Column::ParentId.is_null(),
    };
    Ok(taxonomy_category::Entity::find().filter(below).count(connection).await?)
}

/// The ids of a node and of those above it, with their distances; itself first.
pub(crate) async fn way_up(connection: &impl ConnectionTrait, id: &str) -> Result<Vec<(String, i32)>, StoreError> {
    let rows = taxonomy_ancestor::Entity::find().filter(taxonomy_ancestor::Column::CategoryId.eq(id));
    let rows = rows.order_by_asc(taxonomy_ancestor::Column::Distance).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.ancestor_id, row.distance)).collect())
}

/// The ids of a node and of those below it, with their distances; itself first.
pub(crate) async fn below(connection: &impl ConnectionTrait, id: &str) -> Result<Vec<(String, i32)>, StoreError> {
    let rows = taxonomy_ancestor::Entity::find().filter(taxonomy_ancestor::Column::AncestorId.eq(id));
    let rows = rows.order_by_asc(taxonomy_ancestor::Column::Distance).all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.category_id, row.distance)).collect())
}

/// Whether a product is right at the node.
pub(crate) async fn has_products(connection: &impl ConnectionTrait, id: &str) -> Result<bool, StoreError> {
    let at_it = product::Entity::find().filter(product::Column::TaxonomyCategoryId.eq(id)).limit(1);
    Ok(at_it.one(connection).await?.is_some())
}

/// Makes a node below `parent_id`, or at the top, and tells of it.
pub(crate) async fn insert(
    transaction: &impl ConnectionTrait,
    (parent_id, name): (Option<&str>, &str),
    correlation_id: &str,
) -> Result<taxonomy_category::Model, StoreError> {
    let time = now::read(transaction).await?;
    let row = taxonomy_category::Model {
        id: Uuid::now_v7().to_string(),
        parent_id: parent_id.map(str::to_owned),
        name: name.to_owned(),
        revision: 1,
        created_at: time,
        updated_at: time,
    };
    let taken = |error| StoreError::of_unique("taxonomy_category", error);
    let new = row.clone().into_active_model().reset_all();
    taxonomy_category::Entity::insert(new).exec_without_returning(transaction).await.map_err(taken)?;
    let above = match parent_id {
        Some(parent_id) => way_up(transaction, parent_id).await?,
        None => Vec::new(),
    };
    let itself = taxonomy_ancestor::ActiveModel {
        ancestor_id: Set(row.id.clone()),
        category_id: Set(row.id.clone()),
        distance: Set(0),
    };
    taxonomy_ancestor::Entity::insert(itself).exec_without_returning(transaction).await?;
    link(transaction, &above, &[(row.id.clone(), 0)]).await?;
    write_events(transaction, std::slice::from_ref(&row), false, correlation_id).await?;
    Ok(row)
}

/// Writes that all of `below`, which begins with a node, are under all of `above`, which begins with its parent.
async fn link(
    transaction: &impl ConnectionTrait,
    above: &[(String, i32)],
    below: &[(String, i32)],
) -> Result<(), StoreError> {
    let row = |(ancestor_id, up): &(String, i32), (category_id, down): &(String, i32)| taxonomy_ancestor::ActiveModel {
        ancestor_id: Set(ancestor_id.clone()),
        category_id: Set(category_id.clone()),
        distance: Set(up + 1 + down),
    };
    let rows = above.iter().flat_map(|ancestor| below.iter().map(move |own| row(ancestor, own)));
    let rows: Vec<taxonomy_ancestor::ActiveModel> = rows.collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        taxonomy_ancestor::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Puts a node with all below it under `parent_id`, or to the top.
pub(crate) async fn relink(
    transaction: &impl ConnectionTrait,
    id: &str,
    parent_id: Option<&str>,
) -> Result<(), StoreError> {
    let subtree = below(transaction, id).await?;
    let inside: BTreeSet<&str> = subtree.iter().map(|(id, _)| id.as_str()).collect();
    let above = way_up(transaction, id).await?;
    let above: Vec<&str> = above.iter().map(|(id, _)| id.as_str()).filter(|id| !inside.contains(id)).collect();
    for chunk in subtree.chunks(ROWS_PER_STATEMENT) {
        let ids = chunk.iter().map(|(id, _)| id.as_str());
        let old = taxonomy_ancestor::Entity::delete_many();
        let old = old.filter(taxonomy_ancestor::Column::CategoryId.is_in(ids));
        old.filter(taxonomy_ancestor::Column::AncestorId.is_in(above.iter().copied())).exec(transaction).await?;
    }
    let above = match parent_id {
        Some(parent_id) => way_up(transaction, parent_id).await?,
        None => Vec::new(),
    };
    link(transaction, &above, &subtree).await
}

/// Counts up the revisions of a node and all below it, whose paths have changed, and tells of them.
pub(crate) async fn announce_below(
    transaction: &impl ConnectionTrait,
    id: &str,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let time = now::read(transaction).await?;
    let subtree = below(transaction, id).await?;
    for chunk in subtree.chunks(ROWS_PER_STATEMENT) {
        let ids = chunk.iter().map(|(id, _)| id.as_str());
        let rows = taxonomy_category::Entity::find().filter(taxonomy_category::Column::Id.is_in(ids));
        let mut rows = rows.all(transaction).await?;
        for row in &mut rows {
            row.revision += 1;
            row.updated_at = row.updated_at.max(time);
            row.clone().into_active_model().reset_all().update(transaction).await?;
        }
        write_events(transaction, &rows, false, correlation_id).await?;
    }
    Ok(())
}

/// Writes the events that tell what categories are now.
pub(crate) async fn write_events(
    transaction: &impl ConnectionTrait,
    rows: &[taxonomy_category::Model],
    is_gone: bool,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let event = |row: &taxonomy_category::Model| NewEvent {
        event_type: CATEGORY_CHANGED,
        schema: "taxonomy_category_changed.v1",
        subject: row.id.clone(),
        revision: row.revision,
        data: json!({
            "categoryId": row.id,
            "parentId": row.parent_id,
            "name": row.name,
            "deleted": is_gone,
            "revision": row.revision,
        }),
    };
    let time = now::read(transaction).await?;
    enqueue(transaction, rows.iter().map(event).collect(), time, correlation_id).await
}

/// The id of the node at the end of each path of names from the top; what is not there is made.
pub(crate) async fn ensure(
    transaction: &impl ConnectionTrait,
    paths: &BTreeSet<&[String]>,
    correlation_id: &str,
) -> Result<HashMap<Vec<String>, String>, StoreError> {
    let mut known: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut found = HashMap::with_capacity(paths.len());
    let mut holds_tree = false;
    for path in paths {
        let mut parent_id: Option<String> = None;
        for end in 1..=path.len() {
            let Some((name, here)) = path.get(end - 1).zip(path.get(..end)) else { continue };
            if let Some(id) = known.get(here) {
                parent_id = Some(id.clone());
                continue;
            }
            let mut row = child(transaction, parent_id.as_deref(), name).await?;
            if row.is_none() {
                if !holds_tree {
                    hold_tree(transaction).await?;
                    holds_tree = true;
                    row = child(transaction, parent_id.as_deref(), name).await?;
                }
                if row.is_none() {
                    row = Some(insert(transaction, (parent_id.as_deref(), name), correlation_id).await?);
                }
            }
            if let Some(row) = row {
                known.insert(here.to_vec(), row.id.clone());
                parent_id = Some(row.id);
            }
        }
        if let Some(id) = parent_id {
            found.insert(path.to_vec(), id);
        }
    }
    Ok(found)
}
