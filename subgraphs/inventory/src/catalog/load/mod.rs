//! Drafts into the store: locations, then products chunk by chunk, each followed by its stock.

mod badges;
mod locations;
mod merge;
mod products;
mod rows;

use std::collections::HashMap;

use sea_orm::{EntityTrait, PaginatorTrait};

use super::draft::{LocationDraft, ProductDraft};
use crate::{
    command::{Caller, Commands},
    domain::Target,
    entity::product,
    store::{Store, StoreError},
};

/// Products of one transaction.
pub const PRODUCTS_PER_CHUNK: usize = 100;

/// What a load has done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Products that were not there before.
    pub products_created: u64,
    /// Products that were there and are now as in the draft.
    pub products_updated: u64,
    /// Variants written.
    pub variants: u64,
    /// Levels set.
    pub levels: u64,
    /// What could not be loaded: SKU and reason.
    pub rejected: Vec<(String, String)>,
}

impl LoadReport {
    /// Adds what another chunk has done.
    pub fn add(&mut self, other: Self) {
        self.products_created += other.products_created;
        self.products_updated += other.products_updated;
        self.variants += other.variants;
        self.levels += other.levels;
        self.rejected.extend(other.rejected);
    }
}

/// Writes drafts in somebody's name.
#[derive(Debug, Clone)]
pub struct CatalogLoader {
    store: Store,
    commands: Commands,
    caller: Caller,
    /// Why stock changes, for the ledger.
    reason: &'static str,
    locations: HashMap<String, String>,
}

impl CatalogLoader {
    /// A loader of `store`, whose stock is written by `commands`; the ledger names `caller` and `reason`.
    #[must_use]
    pub fn new(store: Store, commands: Commands, caller: Caller, reason: &'static str) -> Self {
        Self { store, commands, caller, reason, locations: HashMap::new() }
    }

    /// Makes the locations that are not there yet. One that is there stays as it is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn load_locations(&mut self, drafts: &[LocationDraft]) -> Result<(), StoreError> {
        self.locations = locations::load(&self.store, drafts).await?;
        Ok(())
    }

    /// Creates or updates `drafts` (at most [`PRODUCTS_PER_CHUNK`] for even progress), then sets their stock. A product
    /// is known by its handle, a variant by its SKU; variants that the draft leaves out stay.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing of this chunk's products has changed, or its stock is not set yet, and
    /// loading the same again finishes it.
    pub async fn load_products(&self, drafts: &[ProductDraft]) -> Result<LoadReport, StoreError> {
        let mut report =
            products::load(&self.store, drafts, self.commands.low_stock_threshold(), &self.caller.correlation_id)
                .await?;
        let refused: Vec<&String> = report.rejected.iter().map(|(sku, _)| sku).collect();
        let mut targets = Vec::new();
        let mut unplaced = Vec::new();
        for variant in drafts.iter().flat_map(|product| &product.variants) {
            if refused.contains(&&variant.sku) {
                continue;
            }
            for level in &variant.levels {
                match self.locations.get(&level.location_code) {
                    Some(location_id) => targets.push(Target {
                        sku: variant.sku.clone(),
                        location_id: location_id.clone(),
                        on_hand: level.on_hand,
                        safety_stock: level.safety_stock,
                        incoming: level.incoming,
                    }),
                    None => {
                        unplaced.push((variant.sku.clone(), format!("location `{}` is not known", level.location_code)))
                    }
                }
            }
        }
        report.rejected.extend(unplaced);
        let summary = self.commands.load_levels(&self.caller, self.reason, targets, |_| {}).await?;
        report.levels = summary.accepted;
        report.rejected.extend(summary.rejected.into_iter().map(|refused| (refused.target.sku, refused.error.message)));
        Ok(report)
    }
}

/// How many products `store` has.
///
/// # Errors
///
/// When the store fails.
pub async fn count_products(store: &Store) -> Result<u64, StoreError> {
    Ok(product::Entity::find().count(store.reader()).await?)
}
