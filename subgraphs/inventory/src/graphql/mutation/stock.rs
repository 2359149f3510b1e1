//! Changes of stock by staff.

use async_graphql::{Context, Error, Object};

use super::{
    changed::tell_levels,
    commands,
    payload::{InventoryAdjustQuantitiesPayload, InventoryMoveQuantitiesPayload, InventorySetQuantitiesPayload},
    stock_input::{InventoryAdjustQuantitiesInput, InventoryMoveQuantitiesInput, InventorySetQuantitiesInput},
};
use crate::{
    command::Caller,
    graphql::{access, limits},
};

#[derive(Default)]
pub(crate) struct StockMutation;

#[Object(cache_control(no_cache))]
impl StockMutation {
    /// Adds a delta to on hand, or to the quantity with another name (a negative one takes away). Scope inventory:write.
    async fn inventory_adjust_quantities(
        &self,
        ctx: &Context<'_>,
        input: InventoryAdjustQuantitiesInput,
        idempotency_key: String,
    ) -> Result<InventoryAdjustQuantitiesPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inventoryAdjustQuantities")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.adjust(&caller, &input.into(), key).await?;
        tell_levels(ctx, &done).await;
        Ok(done.into())
    }

    /// Moves pieces between names at one location, or what is available from one location to another. Scope
    /// inventory:write.
    async fn inventory_move_quantities(
        &self,
        ctx: &Context<'_>,
        input: InventoryMoveQuantitiesInput,
        idempotency_key: String,
    ) -> Result<InventoryMoveQuantitiesPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inventoryMoveQuantities")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.move_quantities(&caller, &input.into(), key).await?;
        tell_levels(ctx, &done).await;
        Ok(done.into())
    }

    /// Sets what is available or on hand to what was counted. Scope inventory:write.
    async fn inventory_set_quantities(
        &self,
        ctx: &Context<'_>,
        input: InventorySetQuantitiesInput,
        idempotency_key: String,
    ) -> Result<InventorySetQuantitiesPayload, Error> {
        let caller = Caller::of(access::require(ctx, "Mutation.inventorySetQuantities")?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.set_quantities(&caller, &input.into(), key).await?;
        tell_levels(ctx, &done).await;
        Ok(done.into())
    }
}
