//! Holding pieces, and giving them back.

use async_graphql::{Context, Error, ID, Object};

use super::{
    changed::tell_reservation,
    commands,
    input::ReserveStockInput,
    payload::{ExtendReservationPayload, ReleaseReservationPayload, ReserveStockPayload},
};
use crate::{
    command::Caller,
    graphql::{
        error::{caller, of_command},
        limits,
    },
};

#[derive(Default)]
pub(crate) struct ReservationMutation;

#[Object(cache_control(no_cache))]
impl ReservationMutation {
    /// All lines or none; with allowPartial what there is. Without locationId the location is chosen by priority.
    async fn reserve_stock(
        &self,
        ctx: &Context<'_>,
        input: ReserveStockInput,
        idempotency_key: String,
    ) -> Result<ReserveStockPayload, Error> {
        let caller = Caller::of(caller(ctx)?);
        let key = limits::idempotency_key(&idempotency_key)?;
        input.check()?;
        let done = commands(ctx)?.reserve(&caller, &input.into(), key).await.map_err(of_command)?;
        tell_reservation(ctx, done.as_ref().map_or(&[], |done| &done.lines)).await;
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
        tell_reservation(ctx, done.as_ref().map_or(&[], |done| &done.lines)).await;
        Ok(done.into())
    }

    /// Holds an active reservation for ttlSeconds from now: 10 to 86400, and at most 86400 from when it was made.
    async fn extend_reservation(
        &self,
        ctx: &Context<'_>,
        id: ID,
        ttl_seconds: i32,
        idempotency_key: String,
    ) -> Result<ExtendReservationPayload, Error> {
        let caller = Caller::of(caller(ctx)?);
        let key = limits::idempotency_key(&idempotency_key)?;
        limits::storable("id", &id)?;
        let done = commands(ctx)?.extend(&caller, (&id, ttl_seconds), key).await?;
        // No stock changes.
        tell_reservation(ctx, &[]).await;
        Ok(done.into())
    }
}
