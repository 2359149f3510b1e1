//! One chunk of products in one transaction, with the events that tell of it.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{
    LoadReport, badges,
    merge::{Known, MergedProduct},
    rows,
};
use crate::{
    catalog::draft::ProductDraft,
    entity::{product, product_image, product_option, variant},
    store::{
        Store, StoreError, collections, now, outbox,
        publications::{self, Subject},
        taxonomy,
        transact::{Work, transact},
    },
};

/// Rows of one statement: SQLite binds at most 32,766 values, and a variant has 17.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Creates or updates `drafts`.
pub(super) async fn load(
    store: &Store,
    drafts: &[ProductDraft],
    low_stock_threshold: i32,
    correlation_id: &str,
) -> Result<LoadReport, StoreError> {
    transact(store, &Chunk { drafts, low_stock_threshold, correlation_id }).await
}

struct Chunk<'a> {
    drafts: &'a [ProductDraft],
    low_stock_threshold: i32,
    correlation_id: &'a str,
}

impl Work for Chunk<'_> {
    type Output = LoadReport;

    async fn run(&self, transaction: &DatabaseTransaction) -> Result<LoadReport, StoreError> {
        collections::hold_rules(transaction).await?;
        let known = self.known(transaction).await?;
        let mut report = LoadReport::default();
        let mut new_id = || Uuid::now_v7().to_string();
        let merged: Vec<MergedProduct<'_>> =
            self.drafts.iter().filter_map(|draft| known.merge(draft, &mut new_id, &mut report.rejected)).collect();
        let before = badges::before(transaction, &merged).await?;
        let paths =
            merged.iter().map(|product| product.draft.taxonomy.as_slice()).filter(|path| !path.is_empty()).collect();
        let nodes = taxonomy::ensure(transaction, &paths, self.correlation_id).await?;
        write_products(transaction, &merged, &nodes).await?;
        write_variants(transaction, &merged).await?;
        let now = now::read(transaction).await?;
        let ids: Vec<String> = merged.iter().map(|product| product.id.clone()).collect();
        collections::place(transaction, &ids).await?;
        let hidden = publications::unpublished_everywhere(transaction, Subject::Product, &ids).await?;
        let events = merged.iter().map(|product| rows::changed(product, hidden.contains(&product.id))).collect();
        outbox::enqueue(transaction, events, now, self.correlation_id).await?;
        badges::bring_up_to_date(transaction, &merged, before, (self.low_stock_threshold, self.correlation_id)).await?;
        for product in &merged {
            let counter =
                if product.existing.is_some() { &mut report.products_updated } else { &mut report.products_created };
            *counter += 1;
            report.variants += u64::try_from(product.variants.len()).unwrap_or(u64::MAX);
        }
        Ok(report)
    }
}

impl Chunk<'_> {
    async fn known(&self, transaction: &DatabaseTransaction) -> Result<Known, StoreError> {
        let handles = self.drafts.iter().map(|draft| draft.handle.as_str());
        // Locked, because the new revision is the old one and one more: of two imports at once, the second waits.
        let products = product::Entity::find()
            .filter(product::Column::Handle.is_in(handles))
            .order_by_asc(product::Column::Id)
            .lock_exclusive()
            .all(transaction)
            .await?;
        let ids = products.iter().map(|product| product.id.as_str());
        let mut variants =
            variant::Entity::find().filter(variant::Column::ProductId.is_in(ids)).all(transaction).await?;
        let skus: Vec<&str> =
            self.drafts.iter().flat_map(|draft| &draft.variants).map(|variant| variant.sku.as_str()).collect();
        for chunk in skus.chunks(ROWS_PER_STATEMENT) {
            let filter = Condition::all().add(variant::Column::Sku.is_in(chunk.iter().copied()));
            variants.extend(variant::Entity::find().filter(filter).all(transaction).await?);
        }
        Ok(Known::new(products, variants))
    }
}

async fn write_products(
    transaction: &DatabaseTransaction,
    merged: &[MergedProduct<'_>],
    nodes: &HashMap<Vec<String>, String>,
) -> Result<(), StoreError> {
    let now = now::read(transaction).await?;
    let (existing, new): (Vec<_>, Vec<_>) = merged.iter().partition(|product| product.existing.is_some());
    if !new.is_empty() {
        let rows = new.iter().map(|product| rows::product(product, nodes, now));
        product::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    if !existing.is_empty() {
        for product in &existing {
            rows::product(product, nodes, now).reset_all().update(transaction).await?;
        }
        let ids: Vec<&str> = existing.iter().map(|product| product.id.as_str()).collect();
        product_option::Entity::delete_many()
            .filter(product_option::Column::ProductId.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
        product_image::Entity::delete_many()
            .filter(product_image::Column::ProductId.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
    }
    let options: Vec<_> = merged.iter().flat_map(rows::options).collect();
    for chunk in options.chunks(ROWS_PER_STATEMENT) {
        product_option::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
    }
    let images: Vec<_> = merged.iter().flat_map(rows::images).collect();
    for chunk in images.chunks(ROWS_PER_STATEMENT) {
        product_image::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

async fn write_variants(transaction: &DatabaseTransaction, merged: &[MergedProduct<'_>]) -> Result<(), StoreError> {
    let mut new = Vec::new();
    for product in merged {
        for (variant, position) in product.variants.iter().zip(1..) {
            let row = rows::variant(&product.id, variant, position);
            if variant.exists {
                let mut row = row.into_active_model().reset_all();
                (row.badge_state, row.badge_available, row.badge_revision) = (NotSet, NotSet, NotSet);
                row.update(transaction).await?;
            } else {
                new.push(row);
            }
        }
    }
    for chunk in new.chunks(ROWS_PER_STATEMENT) {
        variant::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}
