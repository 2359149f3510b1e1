//! Base prices.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};

use crate::{
    command::{
        Caller,
        catalog::{SetVariantPrices, VariantPrice},
    },
    graphql::{
        access, limits,
        loaders::{VariantById, loaders},
        mutation::{
            changed::tell_variants,
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::ProductVariant,
    },
};

#[derive(InputObject)]
pub(crate) struct VariantPricesSetInput {
    /// 1 to 250, each of another SKU.
    prices: Vec<VariantPriceInput>,
}

#[derive(InputObject)]
pub(crate) struct VariantPriceInput {
    sku: String,
    /// In minor units of the variant's currency.
    price: i32,
    /// The price before, in minor units; above the price. Without it there is none.
    compare_at_price: Option<i32>,
    /// Optimistic guard: the product's revision as last read.
    expected_revision: Option<i64>,
}

#[derive(SimpleObject)]
pub(crate) struct VariantPricesSetPayload {
    /// The variants that were named, as they are now; none when it was refused.
    variants: Vec<ProductVariant>,
    user_errors: Vec<InventoryUserError>,
}

impl From<VariantPriceInput> for VariantPrice {
    fn from(input: VariantPriceInput) -> Self {
        Self {
            sku: input.sku,
            price_minor: input.price.into(),
            compare_at_minor: input.compare_at_price.map(i64::from),
            expected_revision: input.expected_revision,
        }
    }
}

#[derive(Default)]
pub(crate) struct PriceMutation;

#[Object(cache_control(no_cache))]
impl PriceMutation {
    /// Sets base prices; all of them or none. Scope catalog:write.
    async fn variant_prices_set(
        &self,
        ctx: &Context<'_>,
        input: VariantPricesSetInput,
        idempotency_key: String,
    ) -> Result<VariantPricesSetPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.variantPricesSet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        for price in &input.prices {
            limits::storable("sku", &price.sku)?;
        }
        let input = SetVariantPrices { prices: input.prices.into_iter().map(VariantPrice::from).collect() };
        match commands(ctx)?.set_variant_prices(&caller, &input, key).await? {
            Err(errors) => {
                tell_variants(ctx, Vec::new()).await;
                Ok(VariantPricesSetPayload { variants: Vec::new(), user_errors: user_errors(errors) })
            }
            Ok(done) => {
                tell_variants(ctx, done.variant_ids.clone()).await;
                let mut rows = loaders(ctx)?.load_many(done.variant_ids.iter().cloned().map(VariantById)).await?;
                let found = done.variant_ids.into_iter().filter_map(|id| rows.remove(&VariantById(id)));
                Ok(VariantPricesSetPayload { variants: found.map(ProductVariant).collect(), user_errors: Vec::new() })
            }
        }
    }
}
