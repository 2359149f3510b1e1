//! What is in collections: kept in rows, brought up to date in the transaction of each change of a product or of rules.
//!
//! Who changes products holds the rules still, and who changes rules waits for those who change products: so that neither
//! goes by what the other is about to change.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Condition, Expr, ExprTrait},
};

use serde_json::json;

use super::{
    StoreError, now,
    outbox::{NewEvent, enqueue},
    publications::{self, Subject},
};
use crate::{
    domain::collection::{Facts, Place, Rules, SortOrder},
    entity::{collection, collection_product, product},
};

/// Type of the event that tells of a collection.
pub const COLLECTION_CHANGED: &str = "com.selvedge.inventory.collection_changed.v1";
/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1_000;
/// `kind` of a collection by rules.
pub(crate) const SMART: &str = "SMART";
/// `kind` of a collection by hand.
pub(crate) const MANUAL: &str = "MANUAL";

/// A collection as placing products needs it.
struct Placing {
    id: String,
    sort: SortOrder,
    rules: Option<Rules>,
}

impl Placing {
    fn of(row: &collection::Model) -> Result<Self, StoreError> {
        Ok(Self { id: row.id.clone(), sort: sort_of(row)?, rules: rules_of(row)? })
    }

    /// The rows of a product in a collection by rules.
    fn rows(&self, product: &product::Model) -> Vec<collection_product::Model> {
        let Some(rules) = &self.rules else { return Vec::new() };
        let tags = tags_of(product);
        let sort_key = self.sort.key(&place_of(product, 0));
        let row = |(stock_min, stock_max)| collection_product::Model {
            collection_id: self.id.clone(),
            product_id: product.id.clone(),
            stock_min,
            stock_max,
            position: 0,
            note: None,
            sort_key: sort_key.clone(),
        };
        rules.ranges(&facts_of(product, &tags)).into_iter().map(row).collect()
    }
}

/// The rules of a smart collection; `None` for one by hand.
///
/// # Errors
///
/// When what is stored are no rules.
pub fn rules_of(row: &collection::Model) -> Result<Option<Rules>, StoreError> {
    let Some(rules) = &row.rules else { return Ok(None) };
    serde_json::from_value(rules.clone())
        .map(Some)
        .map_err(|error| StoreError::Corrupt { table: "collection", reason: error.to_string() })
}

/// The order of the products in a collection.
///
/// # Errors
///
/// When what is stored is no order.
pub fn sort_of(row: &collection::Model) -> Result<SortOrder, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "collection", reason: format!("there is no order `{}`", row.sort) };
    SortOrder::parse(&row.sort).ok_or_else(corrupt)
}

fn tags_of(product: &product::Model) -> Vec<String> {
    let tags = product.tags.as_array().map(Vec::as_slice).unwrap_or_default();
    tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
}

fn facts_of<'a>(product: &'a product::Model, tags: &'a [String]) -> Facts<'a> {
    Facts {
        title: &product.title,
        vendor: &product.vendor,
        category: &product.category,
        gender: product.gender.as_deref(),
        style: product.style.as_deref(),
        material: product.material.as_deref(),
        occasion: product.occasion.as_deref(),
        tags,
        price_minor: product.price_min,
    }
}

fn place_of(product: &product::Model, position: i32) -> Place<'_> {
    Place {
        position,
        featured_rank: product.featured_rank,
        created_at_us: product.created_at.timestamp_micros(),
        title: &product.title,
        price_minor: product.price_min,
    }
}

/// Keeps all rules as they are until the end of the transaction; to be called before products are locked.
pub(crate) async fn hold_rules(transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(HOLD_RULES).await?;
    }
    Ok(())
}

/// Waits until nobody changes products or collections, and keeps it so until the end of the transaction.
pub(crate) async fn hold_products(transaction: &impl ConnectionTrait) -> Result<(), StoreError> {
    // SQLite has one writer.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(HOLD_PRODUCTS).await?;
    }
    Ok(())
}

const HOLD_RULES: &str =
    "SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '.selvedge.inventory.collections'))";
const HOLD_PRODUCTS: &str =
    "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.selvedge.inventory.collections'))";

/// That a row of `collection_product` says that the product is inside at this moment.
pub(super) fn is_inside() -> Condition {
    let column = |column| Expr::col((collection_product::Entity, column));
    let always = Condition::all()
        .add(column(collection_product::Column::StockMin).eq(0))
        .add(column(collection_product::Column::StockMax).eq(i64::MAX));
    Condition::any().add(always).add(Expr::cust(STOCK_IN_RANGE))
}

const STOCK_IN_RANGE: &str = "(SELECT COALESCE(SUM(variant.badge_available), 0) FROM variant \
     WHERE variant.product_id = collection_product.product_id) \
     BETWEEN collection_product.stock_min AND collection_product.stock_max";

/// Brings the rows of the products with one of `ids` up to date with what they are now.
pub(crate) async fn place(transaction: &impl ConnectionTrait, ids: &[String]) -> Result<(), StoreError> {
    let by_rules = collection::Entity::find().filter(collection::Column::Kind.eq(SMART)).all(transaction).await?;
    let by_rules = by_rules.iter().map(Placing::of).collect::<Result<Vec<_>, _>>()?;
    for chunk in ids.chunks(ROWS_PER_STATEMENT) {
        place_chunk(transaction, &by_rules, chunk).await?;
    }
    Ok(())
}

async fn place_chunk(
    transaction: &impl ConnectionTrait,
    by_rules: &[Placing],
    ids: &[String],
) -> Result<(), StoreError> {
    let rows = collection_product::Entity::find().filter(collection_product::Column::ProductId.is_in(ids));
    let rows = rows.order_by_asc(collection_product::Column::StockMin).all(transaction).await?;
    if rows.is_empty() && by_rules.is_empty() {
        return Ok(());
    }
    let is_smart: BTreeSet<&str> = by_rules.iter().map(|placing| placing.id.as_str()).collect();
    let by_hand: BTreeSet<&str> =
        rows.iter().map(|row| row.collection_id.as_str()).filter(|id| !is_smart.contains(id)).collect();
    let by_hand = collection::Entity::find().filter(collection::Column::Id.is_in(by_hand)).all(transaction).await?;
    let by_hand = by_hand.iter().map(Placing::of).collect::<Result<Vec<_>, _>>()?;
    let products = product::Entity::find().filter(product::Column::Id.is_in(ids)).all(transaction).await?;
    let mut old: BTreeMap<(&str, &str), Vec<&collection_product::Model>> = BTreeMap::new();
    for row in &rows {
        old.entry((&row.collection_id, &row.product_id)).or_default().push(row);
    }
    let mut stale: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut new = Vec::new();
    for product in &products {
        for placing in by_rules.iter().chain(&by_hand) {
            let there = old.get(&(placing.id.as_str(), product.id.as_str())).map(Vec::as_slice).unwrap_or_default();
            let wanted = match placing.rules {
                Some(_) => placing.rows(product),
                None => there.iter().map(|row| resorted(row, placing.sort, product)).collect(),
            };
            if there.len() == wanted.len() && there.iter().zip(&wanted).all(|(row, wanted)| **row == *wanted) {
                continue;
            }
            stale.entry(&placing.id).or_default().push(&product.id);
            new.extend(wanted);
        }
    }
    for (collection_id, product_ids) in stale {
        let own = collection_product::Entity::delete_many();
        let own = own.filter(collection_product::Column::CollectionId.eq(collection_id));
        own.filter(collection_product::Column::ProductId.is_in(product_ids)).exec(transaction).await?;
    }
    insert(transaction, new).await
}

fn resorted(row: &collection_product::Model, sort: SortOrder, product: &product::Model) -> collection_product::Model {
    collection_product::Model { sort_key: sort.key(&place_of(product, row.position)), ..row.clone() }
}

async fn insert(
    transaction: &impl ConnectionTrait,
    mut rows: Vec<collection_product::Model>,
) -> Result<(), StoreError> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_PER_STATEMENT));
        let chunk = std::mem::replace(&mut rows, rest).into_iter().map(|row| row.into_active_model().reset_all());
        collection_product::Entity::insert_many(chunk).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Writes the event that tells what a collection is now.
pub(crate) async fn announce(
    transaction: &impl ConnectionTrait,
    row: &collection::Model,
    is_gone: bool,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let ids = [row.id.clone()];
    let hidden = publications::unpublished_everywhere(transaction, Subject::Collection, &ids).await?;
    let event = NewEvent {
        event_type: COLLECTION_CHANGED,
        schema: "collection_changed.v1",
        subject: row.id.clone(),
        revision: row.revision,
        data: json!({
            "collectionId": row.id,
            "handle": row.handle,
            "title": row.title,
            "kind": row.kind,
            "deleted": is_gone || !hidden.is_empty(),
            "revision": row.revision,
        }),
    };
    enqueue(transaction, vec![event], now::read(transaction).await?, correlation_id).await
}

/// Puts every product that belongs there into a collection by rules, in place of what is in it.
pub(crate) async fn fill(transaction: &impl ConnectionTrait, row: &collection::Model) -> Result<(), StoreError> {
    clear(transaction, &row.id).await?;
    let placing = Placing::of(row)?;
    let mut last = String::new();
    loop {
        let page = product::Entity::find()
            .filter(product::Column::Id.gt(last.as_str()))
            .order_by_asc(product::Column::Id)
            .limit(u64::try_from(ROWS_PER_STATEMENT).unwrap_or(u64::MAX))
            .all(transaction)
            .await?;
        let Some(product) = page.last() else { return Ok(()) };
        last.clone_from(&product.id);
        insert(transaction, page.iter().flat_map(|product| placing.rows(product)).collect()).await?;
    }
}

/// What is in a collection by hand: id and note of each product, in the order of their places.
pub(crate) async fn by_hand(
    transaction: &impl ConnectionTrait,
    collection_id: &str,
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let own = collection_product::Entity::find().filter(collection_product::Column::CollectionId.eq(collection_id));
    let rows = own.order_by_asc(collection_product::Column::Position).all(transaction).await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.note)).collect())
}

/// Makes `content` what is in a collection by hand.
pub(crate) async fn fill_by_hand(
    transaction: &impl ConnectionTrait,
    row: &collection::Model,
    content: &[(String, Option<String>)],
) -> Result<(), StoreError> {
    clear(transaction, &row.id).await?;
    let sort = sort_of(row)?;
    let placed: Vec<(i32, &(String, Option<String>))> = (1..).zip(content).collect();
    for chunk in placed.chunks(ROWS_PER_STATEMENT) {
        let ids = chunk.iter().map(|(_, (id, _))| id.as_str());
        let products = product::Entity::find().filter(product::Column::Id.is_in(ids)).all(transaction).await?;
        let products: BTreeMap<&str, &product::Model> = products.iter().map(|row| (row.id.as_str(), row)).collect();
        let rows = chunk.iter().filter_map(|(position, (id, note))| {
            let product = products.get(id.as_str())?;
            Some(collection_product::Model {
                collection_id: row.id.clone(),
                product_id: id.clone(),
                stock_min: 0,
                stock_max: i64::MAX,
                position: *position,
                note: note.clone(),
                sort_key: sort.key(&place_of(product, *position)),
            })
        });
        insert(transaction, rows.collect()).await?;
    }
    Ok(())
}

async fn clear(transaction: &impl ConnectionTrait, collection_id: &str) -> Result<(), StoreError> {
    let own = collection_product::Entity::delete_many();
    own.filter(collection_product::Column::CollectionId.eq(collection_id)).exec(transaction).await?;
    Ok(())
}
