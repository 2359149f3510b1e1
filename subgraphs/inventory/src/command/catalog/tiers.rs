//! Prices from some quantity on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PRICES_MAX, Refusals};
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::ErrorCode,
    entity::{price_tier, variant},
    store::{StoreError, products},
};

/// The most tiers of one variant.
pub const TIERS_MAX: usize = 20;
/// The most pieces that a tier may begin with, and that can be quoted at once.
pub const QUANTITY_MAX: i32 = 10_000;

/// The tiers of some variants, in place of those that they have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetPriceTiers {
    /// 1 to [`PRICES_MAX`], each of another SKU.
    pub variants: Vec<TiersOfVariant>,
}

/// The tiers of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TiersOfVariant {
    /// The variant.
    pub sku: String,
    /// At most [`TIERS_MAX`]; none takes them away.
    pub tiers: Vec<TierDraft>,
}

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TierDraft {
    /// From how many pieces on: 1 to [`QUANTITY_MAX`].
    pub minimum_quantity: i32,
    /// What each piece costs then, in minor units, at least 0.
    pub unit_price_minor: i64,
    /// Not before this time.
    pub starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    pub ends_at: Option<DateTime<Utc>>,
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TiersSet {
    /// Ids of the variants, in the order of the input.
    pub variant_ids: Vec<String>,
}

impl Commands {
    /// Sets tiers. Nothing is announced: what a tier changes is asked for at the moment that it is shown.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_price_tiers(
        &self,
        caller: &Caller,
        input: &SetPriceTiers,
        idempotency_key: &str,
    ) -> Result<Answer<TiersSet>, StoreError> {
        if let Err(refused) = check(&input.variants) {
            return Ok(Err(refused));
        }
        let command = SetTiers { variants: &input.variants };
        perform_once(self, ("price_tiers", &caller.actor, idempotency_key), input, &command).await
    }
}

fn check(variants: &[TiersOfVariant]) -> Answer<()> {
    let mut refusals = Refusals::default();
    if variants.is_empty() || variants.len() > PRICES_MAX {
        let message = format!("{} variants were given, 1 to {PRICES_MAX} are possible", variants.len());
        refusals.add("variants", ErrorCode::TooManyLines, message);
        return refusals.or_none();
    }
    let mut seen = BTreeSet::new();
    for (index, of) in variants.iter().enumerate() {
        if !seen.insert(&of.sku) {
            refusals.add(
                &format!("variants.{index}.sku"),
                ErrorCode::InvalidInput,
                format!("`{}` is there twice", of.sku),
            );
        }
        if of.tiers.len() > TIERS_MAX {
            let message = format!("{} tiers were given, at most {TIERS_MAX} are possible", of.tiers.len());
            refusals.add(&format!("variants.{index}.tiers"), ErrorCode::TooManyLines, message);
        }
        for (at, tier) in of.tiers.iter().enumerate() {
            check_tier(&mut refusals, &format!("variants.{index}.tiers.{at}"), tier);
        }
    }
    refusals.or_none()
}

fn check_tier(refusals: &mut Refusals, path: &str, tier: &TierDraft) {
    if !(1..=QUANTITY_MAX).contains(&tier.minimum_quantity) {
        let message = format!("it begins with {} pieces, 1 to {QUANTITY_MAX} are possible", tier.minimum_quantity);
        refusals.add(&format!("{path}.minimumQuantity"), ErrorCode::InvalidQuantity, message);
    }
    if tier.unit_price_minor < 0 {
        let message = format!("the price is {}, it must not be negative", tier.unit_price_minor);
        refusals.add(&format!("{path}.unitPrice"), ErrorCode::InvalidPrice, message);
    }
    refusals.check_period(path, tier.starts_at, tier.ends_at);
}

struct SetTiers<'a> {
    variants: &'a [TiersOfVariant],
}

impl Perform for SetTiers<'_> {
    type Output = TiersSet;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<TiersSet>, StoreError> {
        let skus = self.variants.iter().map(|of| of.sku.as_str());
        let rows = variant::Entity::find().filter(variant::Column::Sku.is_in(skus)).all(transaction).await?;
        let by_sku: BTreeMap<&str, &variant::Model> = rows.iter().map(|row| (row.sku.as_str(), row)).collect();
        let mut refusals = Refusals::default();
        for (index, of) in self.variants.iter().enumerate() {
            if !by_sku.contains_key(of.sku.as_str()) {
                let message = format!("there is no SKU `{}`", of.sku);
                refusals.add(&format!("variants.{index}.sku"), ErrorCode::UnknownSku, message);
            }
        }
        if let Err(refused) = refusals.or_none() {
            return Ok(Err(refused));
        }
        // Of two that set the tiers of one variant at once, the second waits and has the last word.
        let product_ids: Vec<String> = rows.iter().map(|row| row.product_id.clone()).collect();
        products::lock(transaction, &product_ids).await?;
        let ids = rows.iter().map(|row| row.id.as_str());
        price_tier::Entity::delete_many().filter(price_tier::Column::VariantId.is_in(ids)).exec(transaction).await?;
        let drafts = self.variants.iter().filter_map(|of| Some((*by_sku.get(of.sku.as_str())?, &of.tiers)));
        let tiers: Vec<price_tier::ActiveModel> =
            drafts.clone().flat_map(|(row, tiers)| tiers.iter().map(|tier| new_row(&row.id, tier))).collect();
        for chunk in tiers.chunks(1_000) {
            price_tier::Entity::insert_many(chunk.to_vec()).exec_without_returning(transaction).await?;
        }
        Ok(Ok(TiersSet { variant_ids: drafts.map(|(row, _)| row.id.clone()).collect() }))
    }
}

fn new_row(variant_id: &str, tier: &TierDraft) -> price_tier::ActiveModel {
    price_tier::ActiveModel {
        id: Set(Uuid::now_v7().to_string()),
        variant_id: Set(variant_id.to_owned()),
        minimum_quantity: Set(tier.minimum_quantity),
        unit_price_minor: Set(tier.unit_price_minor),
        starts_at: Set(tier.starts_at),
        ends_at: Set(tier.ends_at),
    }
}
