//! Reservations.

use std::sync::Arc;

use async_graphql::{Context, Enum, Error, ID, Object};
use chrono::{DateTime, Utc};

use super::{Location, ProductVariant};
use crate::{entity::reservation_line, store::catalog_read::ReservationWithLines};

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

#[Object]
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
