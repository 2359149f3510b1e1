//! What is on its way, and what came of it: for staff.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use chrono::{DateTime, Utc};

use super::{InboundShipment, Location, ProductVariant, PurchaseOrder};
use crate::{
    entity::{inbound_line, inbound_receipt},
    graphql::loaders::{PurchaseById, ReceiptsOfLine, ShipmentById, loaders},
};

/// The most receipts of one list.
const ENTRIES_MAX: usize = 250;

pub(crate) struct InboundLine(pub(crate) Arc<inbound_line::Model>);
pub(crate) struct InboundReceipt(Arc<inbound_receipt::Model>);

/// Pieces of one variant on their way to one location: ordered and not sent, or sent.
#[Object(cache_control(private, no_cache))]
impl InboundLine {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    /// Null while it is not sent.
    async fn shipment(&self, ctx: &Context<'_>) -> Result<Option<InboundShipment>, Error> {
        let Some(id) = &self.0.shipment_id else { return Ok(None) };
        Ok(loaders(ctx)?.load_one(ShipmentById(id.clone())).await?.map(InboundShipment))
    }

    async fn purchase_order(&self, ctx: &Context<'_>) -> Result<Option<PurchaseOrder>, Error> {
        let Some(id) = &self.0.purchase_order_id else { return Ok(None) };
        Ok(loaders(ctx)?.load_one(PurchaseById(id.clone())).await?.map(PurchaseOrder))
    }

    async fn purchase_order_line_id(&self) -> Option<ID> {
        self.0.purchase_order_line_id.clone().map(ID)
    }

    /// Pieces in all.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    /// Came, and are fit for sale.
    async fn accepted_quantity(&self) -> i32 {
        self.0.accepted_quantity
    }

    /// Came, and went back.
    async fn rejected_quantity(&self) -> i32 {
        self.0.rejected_quantity
    }

    /// Came, are kept, and are not fit for sale.
    async fn damaged_quantity(&self) -> i32 {
        self.0.damaged_quantity
    }

    /// Will not come.
    async fn cut_quantity(&self) -> i32 {
        self.0.cut_quantity
    }

    /// Still to come.
    async fn open_quantity(&self) -> i32 {
        self.0.open_quantity
    }

    /// Still to come, and promised to customers.
    async fn promised_quantity(&self) -> i32 {
        self.0.promised_quantity
    }

    async fn expected_at(&self) -> DateTime<Utc> {
        self.0.expected_at
    }

    /// What came, oldest first; at most 250.
    async fn receipts(&self, ctx: &Context<'_>) -> Result<Vec<InboundReceipt>, Error> {
        let rows = loaders(ctx)?.load_one(ReceiptsOfLine(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).cloned().map(InboundReceipt).collect())
    }
}

/// Pieces that came at once.
#[Object(cache_control(private, no_cache))]
impl InboundReceipt {
    async fn accepted_quantity(&self) -> i32 {
        self.0.accepted_quantity
    }

    async fn rejected_quantity(&self) -> i32 {
        self.0.rejected_quantity
    }

    async fn damaged_quantity(&self) -> i32 {
        self.0.damaged_quantity
    }

    /// Who took them in.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }
}
