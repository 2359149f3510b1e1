//! Reservations.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, ID, Object};
use chrono::{DateTime, Utc};
use selvedge_kit::identity::Identity;

use super::{Location, ProductVariant};
use crate::{
    command::Caller,
    entity::reservation_line,
    graphql::{
        access::sees_all_reservations,
        loaders::{ReservationById, loaders},
    },
    store::reservations::ReservationWithLines,
};

#[derive(Debug, Clone)]
pub(crate) struct Reservation(pub(crate) Arc<ReservationWithLines>);

pub(crate) struct ReservationLine(reservation_line::Model);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ReservationStatus {
    Active,
    Released,
    Expired,
    Committed,
}

impl Reservation {
    /// The reservation with `id`, if `caller` may see it: who made it, staff, and other subgraphs. An anonymous
    /// shopper proves to be the maker by knowing the id.
    pub(crate) async fn visible_to(caller: &Identity, ctx: &Context<'_>, id: ID) -> Result<Option<Self>, Error> {
        let row = loaders(ctx)?.load_one(ReservationById(id.0)).await?;
        let serves = sees_all_reservations(caller);
        let is_maker = |row: &Arc<ReservationWithLines>| row.reservation.actor == Caller::of(caller).actor;
        Ok(row.filter(|row| serves || is_maker(row)).map(Self))
    }
}

#[Object(cache_control(private, no_cache))]
impl Reservation {
    async fn id(&self) -> ID {
        self.0.reservation.id.clone().into()
    }

    async fn status(&self) -> ReservationStatus {
        // A check of the table allows these four alone.
        match self.0.reservation.status.as_str() {
            "ACTIVE" => ReservationStatus::Active,
            "RELEASED" => ReservationStatus::Released,
            "EXPIRED" => ReservationStatus::Expired,
            _ => ReservationStatus::Committed,
        }
    }

    async fn lines(&self) -> Vec<ReservationLine> {
        self.0.lines.iter().cloned().map(ReservationLine).collect()
    }

    async fn reference(&self) -> Option<&str> {
        self.0.reservation.reference.as_deref()
    }

    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.reservation.expires_at
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.reservation.created_at
    }
}

#[Object]
impl ReservationLine {
    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    async fn quantity(&self) -> i32 {
        self.0.quantity
    }
}
