//! Variants by key, and their stock levels.

use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::keys::one_of;
use crate::{
    entity::{stock_level, variant},
    error::StoreError,
    store::Store,
};

/// The variants with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn variants_by_id(store: &Store, ids: &[String]) -> Result<Vec<variant::Model>, StoreError> {
    Ok(variant::Entity::find().filter(one_of(store, variant::Column::Id, ids)).all(store.reader()).await?)
}

/// The variants with one of `skus`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn variants_by_sku(store: &Store, skus: &[String]) -> Result<Vec<variant::Model>, StoreError> {
    Ok(variant::Entity::find().filter(one_of(store, variant::Column::Sku, skus)).all(store.reader()).await?)
}

/// The variants of the products with one of `product_ids`, each product's in order.
///
/// # Errors
///
/// When the store fails.
pub async fn variants_of_products(store: &Store, product_ids: &[String]) -> Result<Vec<variant::Model>, StoreError> {
    let variants = variant::Entity::find().filter(one_of(store, variant::Column::ProductId, product_ids));
    let variants = variants.order_by_asc(variant::Column::Position).order_by_asc(variant::Column::Id);
    Ok(variants.all(store.reader()).await?)
}

/// The stock levels with one of `ids`, in any order.
///
/// # Errors
///
/// When the store fails.
pub async fn levels_by_id(store: &Store, ids: &[String]) -> Result<Vec<stock_level::Model>, StoreError> {
    Ok(stock_level::Entity::find().filter(one_of(store, stock_level::Column::Id, ids)).all(store.reader()).await?)
}

/// All stock levels of the variants with one of `variant_ids`, each variant's ordered by id. A variant has at most one
/// level per location.
///
/// # Errors
///
/// When the store fails.
pub async fn levels_of_variants(store: &Store, variant_ids: &[String]) -> Result<Vec<stock_level::Model>, StoreError> {
    let levels = stock_level::Entity::find().filter(one_of(store, stock_level::Column::VariantId, variant_ids));
    Ok(levels.order_by_asc(stock_level::Column::Id).all(store.reader()).await?)
}

/// How many variants there are.
///
/// # Errors
///
/// When the store fails.
pub async fn count_variants(store: &Store) -> Result<u64, StoreError> {
    Ok(variant::Entity::find().count(store.reader()).await?)
}
