//! Mutation fields: they check who asks, and translate.

mod changed;
mod input;
mod payload;

use async_graphql::{Context, Error, ID, Object};

use self::{
    changed::{tell_levels, tell_reservation},
    input::{InventoryAdjustQuantitiesInput, ReserveStockInput},
    payload::{InventoryAdjustQuantitiesPayload, ReleaseReservationPayload, ReserveStockPayload},
};
use super::{
    error::{SCOPE_WRITE, caller, caller_with_scope},
    limits,
    loaders::loaders,
};
use crate::command::{Caller, Commands};

/// The root of everything that changes stock.
pub(crate) struct Mutation;

/// The commands, for a resolver whose answer must show what they did: nothing read before is used again.
fn commands<'a>(ctx: &Context<'a>) -> Result<&'a Commands, Error> {
    loaders(ctx)?.enable_all_cache(false);
    ctx.data::<Commands>()
}

#[Object(cache_control(no_cache))]
impl Mutation {
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

    /// All lines or none. Without locationId the location is chosen by priority.
    async fn reserve_stock(
        &self,
        ctx: &Context<'_>,
        input: ReserveStockInput,
        idempotency_key: String,
    ) -> Result<ReserveStockPayload, Error> {
        let caller = Caller::of(caller(ctx)?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.reserve(&caller, &input.into(), key).await?;
        tell_reservation(ctx, &done).await;
        Ok(done.into())
    }

    async fn release_reservation(
        &self,
        ctx: &Context<'_>,
        id: ID,
        idempotency_key: String,
    ) -> Result<ReleaseReservationPayload, Error> {
        let caller = Caller::of(caller(ctx)?);
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("id", &id)?;
        let done = commands(ctx)?.release(&caller, &id, key).await?;
        tell_reservation(ctx, &done).await;
        Ok(done.into())
    }
}
