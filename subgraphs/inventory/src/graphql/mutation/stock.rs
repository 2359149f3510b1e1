//! Changes of stock by staff.

use async_graphql::{Context, Error, Object};

use super::{
    changed::tell_levels, commands, input::InventoryAdjustQuantitiesInput, payload::InventoryAdjustQuantitiesPayload,
};
use crate::{
    command::Caller,
    graphql::{
        error::{SCOPE_WRITE, caller_with_scope},
        limits,
    },
};

#[derive(Default)]
pub(crate) struct StockMutation;

#[Object(cache_control(no_cache))]
impl StockMutation {
    /// Adds a delta to on hand (a negative one takes away). Scope inventory:write.
    async fn inventory_adjust_quantities(
        &self,
        ctx: &Context<'_>,
        input: InventoryAdjustQuantitiesInput,
        idempotency_key: String,
    ) -> Result<InventoryAdjustQuantitiesPayload, Error> {
        let caller = Caller::of(caller_with_scope(ctx, SCOPE_WRITE)?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.adjust(&caller, &input.into(), key).await?;
        tell_levels(ctx, &done).await;
        Ok(done.into())
    }
}
