//! Badges that a catalog changes without moving stock.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;

use super::merge::{MergedProduct, MergedVariant};
use crate::{
    domain::StockPolicy,
    store::{
        StoreError,
        ledger::refresh_badges,
        levels::{LoadedStock, Which, load},
    },
};

/// Variants of one statement.
const VARIANTS_PER_STATEMENT: usize = 1_000;

/// The stock of the variants that will be sold differently, as it is before they are written: with the badge that
/// shoppers see.
pub(super) async fn before(
    transaction: &DatabaseTransaction,
    merged: &[MergedProduct<'_>],
) -> Result<Vec<LoadedStock>, StoreError> {
    load_all(transaction, merged, |variant| variant.is_sold_differently).await
}

/// Announces the badges of variants that are sold differently now, and of new ones of which the draft has no stock:
/// no other step would tell of them.
pub(super) async fn bring_up_to_date(
    transaction: &DatabaseTransaction,
    merged: &[MergedProduct<'_>],
    before: Vec<LoadedStock>,
    (low_stock_threshold, correlation_id): (i32, &str),
) -> Result<(), StoreError> {
    let drafts: HashMap<&str, &MergedVariant<'_>> =
        merged.iter().flat_map(|product| &product.variants).map(|variant| (variant.id.as_str(), variant)).collect();
    let mut stocks = before;
    for stock in stocks.iter_mut().flat_map(|loaded| loaded.stock.variants.values_mut()) {
        if let Some(MergedVariant { draft, .. }) = drafts.get(stock.variant_id.as_str()) {
            stock.policy = StockPolicy::parse(draft.stock_policy.as_str()).unwrap_or(stock.policy);
            stock.expected_at = draft.expected_at;
        }
    }
    let is_new_without_stock = |variant: &MergedVariant<'_>| !variant.exists && variant.draft.levels.is_empty();
    stocks.extend(load_all(transaction, merged, is_new_without_stock).await?);
    for loaded in &mut stocks {
        refresh_badges(transaction, loaded, low_stock_threshold, correlation_id).await?;
    }
    Ok(())
}

async fn load_all(
    transaction: &DatabaseTransaction,
    merged: &[MergedProduct<'_>],
    is_wanted: impl Fn(&MergedVariant<'_>) -> bool,
) -> Result<Vec<LoadedStock>, StoreError> {
    let variants = merged.iter().flat_map(|product| &product.variants).filter(|variant| is_wanted(variant));
    let mut ids: Vec<String> = variants.map(|variant| variant.id.clone()).collect();
    // Locked in the order in which every command locks.
    ids.sort();
    let mut loaded = Vec::new();
    for chunk in ids.chunks(VARIANTS_PER_STATEMENT) {
        loaded.push(load(transaction, Which::Ids(chunk), &[]).await?);
    }
    Ok(loaded)
}
