//! Collections, and the products in them.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    filter::{NOT_FOR_SALE, STATUS_SHOWN},
    keys::one_of,
    page::{Key, Ordering, Page, PageRequest, ReadError, encode_cursor, select_page},
    products::products_by_id,
};
use crate::{
    entity::{collection, collection_product, product, publication, variant},
    error::StoreError,
    store::{
        Store,
        collections::is_inside,
        publications::{self, Subject, is_shown},
    },
};

fn by_title() -> Ordering {
    Ordering::by("collections", collection::Column::Title, collection::Column::Id)
}

fn in_order() -> Ordering {
    let (place, id) = (collection_product::Column::SortKey, collection_product::Column::ProductId);
    Ordering::by("collection", (collection_product::Entity, place), (collection_product::Entity, id))
}

/// The cursor of `row` in the list of collections.
#[must_use]
pub fn collection_cursor(row: &collection::Model) -> String {
    encode_cursor(by_title().name, Key::Text(row.title.clone()), &row.id)
}

/// One page of the collections that are published in `channel`, or without one, anywhere; by title.
///
/// # Errors
///
/// When a cursor is not one of this list, or the store fails.
pub async fn list_collections(
    store: &Store,
    channel: Option<&str>,
    page: &PageRequest,
) -> Result<Page<collection::Model>, ReadError> {
    let id = (collection::Entity, collection::Column::Id);
    let shown = is_shown(store.reader().backend(), (Subject::Collection, id), channel);
    let select = select_page(collection::Entity::find().filter(shown), &by_title(), page)?;
    Ok(Page::of(select.all(store.reader()).await?, page))
}

/// The collections with one of `ids`, published or not, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn collections_by_id(store: &Store, ids: &[String]) -> Result<Vec<collection::Model>, StoreError> {
    Ok(collection::Entity::find().filter(one_of(store, collection::Column::Id, ids)).all(store.reader()).await?)
}

/// The collections with one of `handles`, published or not, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn collections_by_handle(store: &Store, handles: &[String]) -> Result<Vec<collection::Model>, StoreError> {
    let rows = collection::Entity::find().filter(one_of(store, collection::Column::Handle, handles));
    Ok(rows.all(store.reader()).await?)
}

/// Which products of a collection to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InsideFilter {
    /// Only those that can be bought, or only those that cannot.
    pub available: Option<bool>,
    /// Only those that are published in this channel; without one, anywhere.
    pub channel: Option<String>,
}

/// A product in a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// Where it is in the list.
    pub cursor: String,
    /// Why it is there, and where.
    pub place: collection_product::Model,
    /// The product.
    pub product: product::Model,
}

/// One page of the shown products that are in a collection at this moment, in its order.
///
/// # Errors
///
/// When a cursor is not one of a collection, or the store fails.
pub async fn products_of_collection(
    store: &Store,
    collection_id: &str,
    filter: &InsideFilter,
    page: &PageRequest,
) -> Result<Page<Inside>, ReadError> {
    let column = |column| Expr::col((collection_product::Entity, column));
    let id = (product::Entity, product::Column::Id);
    let shown = Query::select()
        .expr(Expr::val(1))
        .from(product::Entity)
        .and_where(column(collection_product::Column::ProductId).equals(id))
        .and_where(Expr::col((product::Entity, product::Column::Status)).eq(STATUS_SHOWN))
        .cond_where(is_shown(store.reader().backend(), (Subject::Product, id), filter.channel.as_deref()))
        .take();
    let mut select = collection_product::Entity::find()
        .filter(collection_product::Column::CollectionId.eq(collection_id))
        .filter(is_inside())
        .filter(Expr::exists(shown));
    match filter.available {
        Some(true) => select = select.filter(Expr::exists(for_sale())),
        Some(false) => select = select.filter(Expr::not_exists(for_sale())),
        None => {}
    }
    let places = select_page(select, &in_order(), page)?.all(store.reader()).await?;
    let Page { rows: places, has_previous_page, has_next_page } = Page::of(places, page);
    let ids: Vec<String> = places.iter().map(|place| place.product_id.clone()).collect();
    let products = products_by_id(store, &ids).await?.into_iter();
    let mut products: BTreeMap<String, product::Model> = products.map(|row| (row.id.clone(), row)).collect();
    let rows = places.into_iter().filter_map(|place| {
        let product = products.remove(&place.product_id)?;
        let cursor = encode_cursor(in_order().name, Key::Text(place.sort_key.clone()), &place.product_id);
        Some(Inside { cursor, place, product })
    });
    Ok(Page { rows: rows.collect(), has_previous_page, has_next_page })
}

/// Variants of the product that can be bought.
fn for_sale() -> SelectStatement {
    let column = |column| Expr::col((variant::Entity, column));
    Query::select()
        .expr(Expr::val(1))
        .from(variant::Entity)
        .and_where(
            column(variant::Column::ProductId)
                .equals((collection_product::Entity, collection_product::Column::ProductId)),
        )
        .and_where(column(variant::Column::BadgeState).ne(NOT_FOR_SALE))
        .take()
}

/// A collection that a product is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The product.
    pub product_id: String,
    /// The collection.
    pub collection: collection::Model,
}

/// The collections that the products with one of `product_ids` are in at this moment, published or not, each product's by
/// title.
///
/// # Errors
///
/// When the store fails.
pub async fn collections_of_products(store: &Store, product_ids: &[String]) -> Result<Vec<Membership>, StoreError> {
    let places = collection_product::Entity::find()
        .filter(one_of(store, collection_product::Column::ProductId, product_ids))
        .filter(is_inside())
        .all(store.reader())
        .await?;
    let mut ids: Vec<String> = places.iter().map(|place| place.collection_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let collections = collections_by_id(store, &ids).await?;
    let collections: BTreeMap<&str, &collection::Model> =
        collections.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut found: Vec<Membership> = places
        .into_iter()
        .filter_map(|place| {
            let collection = (*collections.get(place.collection_id.as_str())?).clone();
            Some(Membership { product_id: place.product_id, collection })
        })
        .collect();
    found.sort_by(|one, other| {
        let (one, other) = (&one.collection, &other.collection);
        (&one.title, &one.id).cmp(&(&other.title, &other.id))
    });
    Ok(found)
}

/// The publications of the products with one of `ids`, each product's by channel.
///
/// # Errors
///
/// When the store fails.
pub async fn publications_of_products(store: &Store, ids: &[String]) -> Result<Vec<publication::Model>, StoreError> {
    publications::of_subjects(store.reader(), Subject::Product, ids).await
}

/// The publications of the collections with one of `ids`, each collection's by channel.
///
/// # Errors
///
/// When the store fails.
pub async fn publications_of_collections(store: &Store, ids: &[String]) -> Result<Vec<publication::Model>, StoreError> {
    publications::of_subjects(store.reader(), Subject::Collection, ids).await
}
