//! How variants sell beyond their stock.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    command::{Caller, supply::SetSellPolicy},
    domain::supply::SellTerms,
    graphql::{
        access, limits,
        loaders::{VariantById, loaders},
        mutation::{
            changed::tell_variants,
            commands,
            payload::{InventoryUserError, user_errors},
        },
        types::{ProductVariant, SellPolicyKind},
    },
};

#[derive(InputObject)]
pub(crate) struct VariantSellPolicyInput {
    sku: String,
    policy: SellPolicyKind,
    /// Nothing is promised before.
    starts_at: Option<DateTime<Utc>>,
    /// Nothing is promised from then on.
    ends_at: Option<DateTime<Utc>>,
    /// The most pieces that may wait at once, 0 to 1000000; without it as many as are coming.
    limit: Option<i32>,
}

#[derive(SimpleObject)]
pub(crate) struct VariantSellPolicyPayload {
    /// Null when it was refused.
    variant: Option<ProductVariant>,
    user_errors: Vec<InventoryUserError>,
}

#[derive(Default)]
pub(crate) struct SellPolicyMutation;

#[Object(cache_control(no_cache))]
impl SellPolicyMutation {
    /// Sets what happens when the stock of a SKU does not suffice. What was promised before stays promised. Scope
    /// catalog:write.
    async fn variant_sell_policy_set(
        &self,
        ctx: &Context<'_>,
        input: VariantSellPolicyInput,
        idempotency_key: String,
    ) -> Result<VariantSellPolicyPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.variantSellPolicySet")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("sku", &input.sku)?;
        let VariantSellPolicyInput { sku, policy, starts_at, ends_at, limit } = input;
        let terms = SellTerms { policy: policy.into(), starts_at, ends_at, limit };
        match commands(ctx)?.set_sell_policy(&caller, &SetSellPolicy::of(sku, terms), key).await? {
            Err(errors) => {
                tell_variants(ctx, Vec::new()).await;
                Ok(VariantSellPolicyPayload { variant: None, user_errors: user_errors(errors) })
            }
            Ok(id) => {
                tell_variants(ctx, vec![id.clone()]).await;
                let row = loaders(ctx)?.load_one(VariantById(id)).await?;
                Ok(VariantSellPolicyPayload { variant: row.map(ProductVariant), user_errors: Vec::new() })
            }
        }
    }
}
