//! Prices from some quantity on.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use selvedge_kit::server::Changed;

use crate::{
    command::{
        Caller,
        catalog::{SetPriceTiers, TierDraft, TiersOfVariant},
    },
    graphql::{
        access, limits,
        loaders::{VariantById, loaders},
        mutation::{
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::ProductVariant,
    },
};

#[derive(InputObject)]
pub(crate) struct PriceTiersSetInput {
    /// 1 to 250, each of another SKU.
    variants: Vec<VariantPriceTiersInput>,
}

#[derive(InputObject)]
pub(crate) struct VariantPriceTiersInput {
    sku: String,
    /// In place of those that there are; at most 20.
    tiers: Vec<PriceTierInput>,
}

#[derive(InputObject)]
pub(crate) struct PriceTierInput {
    /// From how many pieces on: 1 to 10000.
    minimum_quantity: i32,
    /// What each piece costs then, in minor units of the variant's currency.
    unit_price: i32,
    /// Not before this time, by the clock of the database.
    starts_at: Option<DateTime<Utc>>,
    /// Only before this time.
    ends_at: Option<DateTime<Utc>>,
}

#[derive(SimpleObject)]
pub(crate) struct PriceTiersSetPayload {
    /// The variants that were named; none when it was refused.
    variants: Vec<ProductVariant>,
    user_errors: Vec<InventoryUserError>,
}

impl From<VariantPriceTiersInput> for TiersOfVariant {
    fn from(input: VariantPriceTiersInput) -> Self {
        let tier = |tier: PriceTierInput| TierDraft {
            minimum_quantity: tier.minimum_quantity,
            unit_price_minor: tier.unit_price.into(),
            starts_at: tier.starts_at,
            ends_at: tier.ends_at,
        };
        Self { sku: input.sku, tiers: input.tiers.into_iter().map(tier).collect() }
    }
}

#[derive(Default)]
pub(crate) struct TierMutation;

#[Object(cache_control(no_cache))]
impl TierMutation {
    /// Sets what variants cost from some quantity on; all of them or none. Scope catalog:write.
    async fn price_tiers_set(
        &self,
        ctx: &Context<'_>,
        input: PriceTiersSetInput,
        idempotency_key: String,
    ) -> Result<PriceTiersSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.priceTiersSet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        for of in &input.variants {
            limits::storable("sku", &of.sku)?;
        }
        let input = SetPriceTiers { variants: input.variants.into_iter().map(TiersOfVariant::from).collect() };
        let answer = commands(ctx)?.set_price_tiers(&caller, &input, key).await?;
        // What tiers change is asked for at the moment that it is shown; nothing that is kept has it.
        if let Ok(changed) = ctx.data::<Changed>() {
            changed.nothing();
        }
        match answer {
            Err(errors) => Ok(PriceTiersSetPayload { variants: Vec::new(), user_errors: user_errors(errors) }),
            Ok(done) => {
                let mut rows = loaders(ctx)?.load_many(done.variant_ids.iter().cloned().map(VariantById)).await?;
                let found = done.variant_ids.into_iter().filter_map(|id| rows.remove(&VariantById(id)));
                Ok(PriceTiersSetPayload { variants: found.map(ProductVariant).collect(), user_errors: Vec::new() })
            }
        }
    }
}
