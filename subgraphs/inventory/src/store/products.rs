//! Products that change: locked, counted up, and announced.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::{Value, json};

use super::{
    StoreError, collections, now,
    outbox::{NewEvent, PRODUCT_CHANGED, enqueue},
    publications::{self, Subject},
};
use crate::entity::{product, variant};

/// Keys of one statement.
const KEYS_PER_STATEMENT: usize = 1_000;

/// The products with one of `ids`, locked until the end of the transaction: the next revision is the last one and one
/// more, so that of two changes at once the second waits. In the order of their ids, against deadlocks.
pub(crate) async fn lock(transaction: &DatabaseTransaction, ids: &[String]) -> Result<Vec<product::Model>, StoreError> {
    collections::hold_rules(transaction).await?;
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(KEYS_PER_STATEMENT) {
        let products = product::Entity::find().filter(product::Column::Id.is_in(chunk.iter().copied()));
        rows.extend(products.order_by_asc(product::Column::Id).lock_exclusive().all(transaction).await?);
    }
    Ok(rows)
}

/// Counts up the revision of each of the locked `products`, brings its price range up to date with its variants, and
/// brings it into the collections where it belongs, and writes the event that tells what it is now. Gives them as they are then.
pub(crate) async fn announce(
    transaction: &DatabaseTransaction,
    products: Vec<product::Model>,
    correlation_id: &str,
) -> Result<Vec<product::Model>, StoreError> {
    if products.is_empty() {
        return Ok(products);
    }
    let ids: Vec<String> = products.iter().map(|product| product.id.clone()).collect();
    let hidden = publications::unpublished_everywhere(transaction, Subject::Product, &ids).await?;
    let mut variants = Vec::new();
    for chunk in ids.chunks(KEYS_PER_STATEMENT) {
        let rows = variant::Entity::find().filter(variant::Column::ProductId.is_in(chunk));
        variants.extend(rows.order_by_asc(variant::Column::Position).all(transaction).await?);
    }
    let time = now::read(transaction).await?;
    let (mut changed, mut events) = (Vec::with_capacity(products.len()), Vec::with_capacity(products.len()));
    for product in products {
        let own: Vec<&variant::Model> = variants.iter().filter(|row| row.product_id == product.id).collect();
        let prices = || own.iter().map(|row| row.price_minor);
        let row = product::ActiveModel {
            id: Set(product.id.clone()),
            price_min: Set(prices().min().unwrap_or(product.price_min)),
            price_max: Set(prices().max().unwrap_or(product.price_max)),
            revision: Set(product.revision + 1),
            updated_at: Set(later(product.updated_at, time)),
            ..Default::default()
        };
        let product = row.update(transaction).await?;
        events.push(product_changed(&product, &own, hidden.contains(&product.id)));
        changed.push(product);
    }
    collections::place(transaction, &ids).await?;
    enqueue(transaction, events, time, correlation_id).await?;
    Ok(changed)
}

/// A clock that was set back makes no product older.
fn later(one: DateTime<Utc>, other: DateTime<Utc>) -> DateTime<Utc> {
    one.max(other)
}

/// The event that carries `product` as it is; one that is published nowhere is gone for shoppers.
fn product_changed(product: &product::Model, variants: &[&variant::Model], is_hidden: bool) -> NewEvent {
    let variants: Vec<Value> = variants
        .iter()
        .map(|row| json!({ "sku": row.sku, "variantId": row.id, "size": row.size, "color": row.color }))
        .collect();
    NewEvent {
        event_type: PRODUCT_CHANGED,
        schema: "product_changed.v1",
        subject: product.id.clone(),
        revision: product.revision,
        data: json!({
            "productId": product.id,
            "handle": product.handle,
            "title": product.title,
            "description": product.description,
            "vendor": product.vendor,
            "category": product.category,
            "gender": product.gender,
            "material": product.material,
            "style": product.style,
            "occasion": product.occasion,
            "tags": product.tags,
            "currencyCode": product.currency,
            "priceMin": product.price_min,
            "createdAt": product.created_at,
            "deleted": is_hidden || product.status != super::catalog_read::STATUS_SHOWN,
            "revision": product.revision,
            "variants": variants,
        }),
    }
}
