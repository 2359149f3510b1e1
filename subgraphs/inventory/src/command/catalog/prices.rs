//! Base prices of variants.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::Refusals;
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::ErrorCode,
    entity::{product, variant},
    store::{StoreError, products},
};

/// The most prices of one call.
pub const PRICES_MAX: usize = 250;

/// New base prices; all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetVariantPrices {
    /// 1 to [`PRICES_MAX`], each of another SKU.
    pub prices: Vec<VariantPrice>,
}

/// The new base price of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariantPrice {
    /// The variant.
    pub sku: String,
    /// In minor units of the variant's currency, at least 0.
    pub price_minor: i64,
    /// Former price in minor units; above the price.
    pub compare_at_minor: Option<i64>,
    /// The product's revision as the caller had read it.
    pub expected_revision: Option<i64>,
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricesSet {
    /// Ids of the variants, in the order of the input.
    pub variant_ids: Vec<String>,
}

impl Commands {
    /// Sets base prices. The products of variants whose price is another one than before get a new revision and an
    /// event.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_variant_prices(
        &self,
        caller: &Caller,
        input: &SetVariantPrices,
        idempotency_key: &str,
    ) -> Result<Answer<PricesSet>, StoreError> {
        if let Err(refused) = check(&input.prices) {
            return Ok(Err(refused));
        }
        let command = SetPrices { caller, prices: &input.prices };
        perform_once(self, ("variant_prices", &caller.actor, idempotency_key), input, &command).await
    }
}

/// What can be said of prices alone.
fn check(prices: &[VariantPrice]) -> Answer<()> {
    let mut refusals = Refusals::default();
    if prices.is_empty() || prices.len() > PRICES_MAX {
        let message = format!("{} prices were given, 1 to {PRICES_MAX} are possible", prices.len());
        refusals.add("prices", ErrorCode::TooManyLines, message);
        return refusals.or_none();
    }
    let mut seen = BTreeSet::new();
    for (index, price) in prices.iter().enumerate() {
        if !seen.insert(&price.sku) {
            let message = format!("`{}` is priced twice", price.sku);
            refusals.add(&format!("prices.{index}.sku"), ErrorCode::InvalidInput, message);
        }
        if price.price_minor < 0 {
            let message = format!("the price is {}, it must not be negative", price.price_minor);
            refusals.add(&format!("prices.{index}.price"), ErrorCode::InvalidPrice, message);
        }
        if let Some(former) = price.compare_at_minor.filter(|former| *former <= price.price_minor) {
            let message = format!("the former price {former} is not above the price {}", price.price_minor);
            refusals.add(&format!("prices.{index}.compareAtPrice"), ErrorCode::InvalidPrice, message);
        }
    }
    refusals.or_none()
}

struct SetPrices<'a> {
    caller: &'a Caller,
    prices: &'a [VariantPrice],
}

impl Perform for SetPrices<'_> {
    type Output = PricesSet;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<PricesSet>, StoreError> {
        let skus = self.prices.iter().map(|price| price.sku.as_str());
        let rows = variant::Entity::find().filter(variant::Column::Sku.is_in(skus)).all(transaction).await?;
        let product_ids: Vec<String> = rows.iter().map(|row| row.product_id.clone()).collect();
        let products = products::lock(transaction, &product_ids).await?;
        // Read again behind the lock: until then somebody else may have priced them.
        let ids = rows.iter().map(|row| row.id.as_str());
        let rows = variant::Entity::find().filter(variant::Column::Id.is_in(ids)).all(transaction).await?;
        let by_sku: BTreeMap<&str, &variant::Model> = rows.iter().map(|row| (row.sku.as_str(), row)).collect();
        if let Err(refused) = self.compare(&by_sku, &products) {
            return Ok(Err(refused));
        }
        let wanted = self.prices.iter().filter_map(|price| Some((*by_sku.get(price.sku.as_str())?, price)));
        let mut wanted: Vec<(&variant::Model, &VariantPrice)> = wanted.collect();
        let variant_ids = wanted.iter().map(|(row, _)| row.id.clone()).collect();
        wanted.retain(|(row, price)| {
            (row.price_minor, row.compare_at_minor) != (price.price_minor, price.compare_at_minor)
        });
        // In the order in which stock locks them.
        wanted.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        for (row, price) in &wanted {
            let priced = variant::ActiveModel {
                id: Set(row.id.clone()),
                price_minor: Set(price.price_minor),
                compare_at_minor: Set(price.compare_at_minor),
                ..Default::default()
            };
            priced.update(transaction).await?;
        }
        let changed: BTreeSet<&str> = wanted.iter().map(|(row, _)| row.product_id.as_str()).collect();
        let changed = products.into_iter().filter(|product| changed.contains(product.id.as_str())).collect();
        products::announce(transaction, changed, &self.caller.correlation_id).await?;
        Ok(Ok(PricesSet { variant_ids }))
    }
}

impl SetPrices<'_> {
    /// What has to be seen beside what there is.
    fn compare(&self, by_sku: &BTreeMap<&str, &variant::Model>, products: &[product::Model]) -> Answer<()> {
        let mut refusals = Refusals::default();
        for (index, price) in self.prices.iter().enumerate() {
            let Some(row) = by_sku.get(price.sku.as_str()) else {
                let message = format!("there is no SKU `{}`", price.sku);
                refusals.add(&format!("prices.{index}.sku"), ErrorCode::UnknownSku, message);
                continue;
            };
            let product = products.iter().find(|product| product.id == row.product_id);
            let revision = product.map_or(0, |product| product.revision);
            if let Some(expected) = price.expected_revision.filter(|expected| *expected != revision) {
                let message = format!("the product of `{}` is at revision {revision}, not {expected}", price.sku);
                refusals.add(&format!("prices.{index}.expectedRevision"), ErrorCode::VersionConflict, message);
            }
        }
        refusals.or_none()
    }
}
