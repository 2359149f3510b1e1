//! Holding pieces, and giving them back.

use async_graphql::{Context, Error, ID, Object};

use super::{
    changed::tell_reservation,
    commands,
    input::ReserveStockInput,
    payload::{ReleaseReservationPayload, ReserveStockPayload},
};
use crate::{
    command::Caller,
    graphql::{error::caller, limits},
};

#[derive(Default)]
pub(crate) struct ReservationMutation;

#[Object(cache_control(no_cache))]
impl ReservationMutation {
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
