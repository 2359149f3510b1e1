//! Suppliers, purchase orders, inbound shipments: for staff.

use std::sync::Arc;

use async_graphql::{
    Context, Enum, Error, ID, Object,
    connection::{Connection, Edge},
};
use chrono::{DateTime, Utc};

use super::{Location, Money, ProductVariant, inbound::InboundLine, missing, order::known};
use crate::{
    domain::supply as rules,
    entity::{inbound_line, inbound_shipment, purchase_order, purchase_order_line, supplier},
    graphql::loaders::{
        InboundOfPurchase, InboundOfShipment, LinesOfPurchase, PurchaseById, ShipmentsOfPurchase, SupplierById, loaders,
    },
    store::catalog_read::{Page, purchase_cursor, shipment_cursor, supplier_cursor},
};

/// The most shipments of one list.
const ENTRIES_MAX: usize = 250;

#[derive(Debug, Clone)]
pub(crate) struct Supplier(pub(crate) Arc<supplier::Model>);
#[derive(Debug, Clone)]
pub(crate) struct PurchaseOrder(pub(crate) Arc<purchase_order::Model>);
pub(crate) struct PurchaseOrderLine(Arc<purchase_order_line::Model>, Arc<str>);
#[derive(Debug, Clone)]
pub(crate) struct InboundShipment(pub(crate) Arc<inbound_shipment::Model>);

pub(crate) type SupplierConnection = Connection<String, Supplier>;
pub(crate) type PurchaseOrderConnection = Connection<String, PurchaseOrder>;
pub(crate) type InboundShipmentConnection = Connection<String, InboundShipment>;

pub(crate) fn supplier_connection(page: Page<supplier::Model>) -> SupplierConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: supplier::Model| Edge::new(supplier_cursor(&row), Supplier(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

pub(crate) fn purchase_connection(page: Page<purchase_order::Model>) -> PurchaseOrderConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: purchase_order::Model| Edge::new(purchase_cursor(&row), PurchaseOrder(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

pub(crate) fn shipment_connection(page: Page<inbound_shipment::Model>) -> InboundShipmentConnection {
    let mut connection = Connection::new(page.has_previous_page, page.has_next_page);
    let edge = |row: inbound_shipment::Model| Edge::new(shipment_cursor(&row), InboundShipment(Arc::new(row)));
    connection.edges.extend(page.rows.into_iter().map(edge));
    connection
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PurchaseOrderStatus", remote = "rules::PurchaseStatus")]
pub(crate) enum PurchaseStatus {
    Draft,
    /// The supplier has it; its pieces are incoming.
    Ordered,
    PartiallyReceived,
    /// Nothing more will come.
    Received,
    /// Nothing came and nothing will.
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "InboundShipmentStatus", remote = "rules::ShipmentStatus")]
pub(crate) enum ShipmentStatus {
    /// It has not left.
    Pending,
    InTransit,
    /// It is there; pieces can be taken in.
    Arrived,
    /// It is taken in, as far as it ever will be.
    Closed,
    /// It will not come.
    Cancelled,
}

/// Who we buy from.
#[Object(cache_control(private, no_cache))]
impl Supplier {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// Unique.
    async fn code(&self) -> &str {
        &self.0.code
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn contact_name(&self) -> Option<&str> {
        self.0.contact_name.as_deref()
    }

    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Days from an order to its arrival.
    async fn lead_time_days(&self) -> i32 {
        self.0.lead_time_days
    }

    async fn currency_code(&self) -> &str {
        &self.0.currency
    }

    /// Nothing more is bought there.
    async fn archived(&self) -> bool {
        self.0.archived
    }

    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

async fn supplier_of(ctx: &Context<'_>, id: &str) -> Result<Supplier, Error> {
    let row = loaders(ctx)?.load_one(SupplierById(id.to_owned())).await?;
    row.map(Supplier).ok_or_else(|| missing("supplier", id))
}

/// An order at a supplier.
#[Object(cache_control(private, no_cache))]
impl PurchaseOrder {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    /// Unique; for people.
    async fn number(&self) -> &str {
        &self.0.number
    }

    async fn supplier(&self, ctx: &Context<'_>) -> Result<Supplier, Error> {
        supplier_of(ctx, &self.0.supplier_id).await
    }

    async fn status(&self) -> Result<PurchaseStatus, Error> {
        known(rules::PurchaseStatus::parse(&self.0.status)).map(Into::into)
    }

    async fn currency_code(&self) -> &str {
        &self.0.currency
    }

    /// At most 250.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<PurchaseOrderLine>, Error> {
        let rows = loaders(ctx)?.load_one(LinesOfPurchase(self.0.id.clone())).await?;
        let currency: Arc<str> = self.0.currency.as_str().into();
        let line = |row: &Arc<purchase_order_line::Model>| PurchaseOrderLine(Arc::clone(row), Arc::clone(&currency));
        Ok(rows.iter().flat_map(|rows| rows.iter()).map(line).collect())
    }

    /// At most 250.
    async fn shipments(&self, ctx: &Context<'_>) -> Result<Vec<InboundShipment>, Error> {
        let rows = loaders(ctx)?.load_one(ShipmentsOfPurchase(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(ENTRIES_MAX).cloned().map(InboundShipment).collect())
    }

    /// What is ordered and not sent, as it is received without a shipment. At most 250.
    async fn unsent_lines(&self, ctx: &Context<'_>) -> Result<Vec<InboundLine>, Error> {
        let rows = loaders(ctx)?.load_one(InboundOfPurchase(self.0.id.clone())).await?;
        let unsent = rows.iter().flat_map(|rows| rows.iter());
        let unsent = unsent.filter(|line| line.shipment_id.is_none() && line.quantity > 0);
        Ok(unsent.take(ENTRIES_MAX).cloned().map(InboundLine).collect())
    }

    /// When what is not sent is expected.
    async fn expected_at(&self) -> Option<DateTime<Utc>> {
        self.0.expected_at
    }

    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    async fn ordered_at(&self) -> Option<DateTime<Utc>> {
        self.0.ordered_at
    }

    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl PurchaseOrderLine {
    /// The sum of something over the pieces that are expected of this line, sent or not.
    async fn sum(&self, ctx: &Context<'_>, of: fn(&inbound_line::Model) -> i32) -> Result<i32, Error> {
        let rows = loaders(ctx)?.load_one(InboundOfPurchase(self.0.purchase_order_id.clone())).await?;
        let own = rows.iter().flat_map(|rows| rows.iter());
        let own = own.filter(|line| line.purchase_order_line_id.as_ref() == Some(&self.0.id));
        Ok(own.map(|line| of(line)).sum())
    }
}

/// Pieces of one variant that are bought for one location.
#[Object(cache_control(private, no_cache))]
impl PurchaseOrderLine {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn variant(&self, ctx: &Context<'_>) -> Result<ProductVariant, Error> {
        ProductVariant::referred_by_id(ctx, &self.0.variant_id).await
    }

    async fn location(&self, ctx: &Context<'_>) -> Result<Location, Error> {
        Location::referred_by_id(ctx, &self.0.location_id).await
    }

    /// As ordered.
    async fn quantity(&self) -> i32 {
        self.0.quantity
    }

    async fn unit_cost(&self) -> Money {
        Money { amount: self.0.unit_cost_minor, currency_code: self.1.to_string() }
    }

    /// Pieces that came, whatever became of them.
    async fn received_quantity(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        self.sum(ctx, |line| line.pieces().came()).await
    }

    /// Pieces that are still to come; none of a draft.
    async fn open_quantity(&self, ctx: &Context<'_>) -> Result<i32, Error> {
        self.sum(ctx, |line| line.open_quantity).await
    }
}

/// Goods on their way.
#[Object(cache_control(private, no_cache))]
impl InboundShipment {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn status(&self) -> Result<ShipmentStatus, Error> {
        known(rules::ShipmentStatus::parse(&self.0.status)).map(Into::into)
    }

    /// The purchase order that it is a part of.
    async fn purchase_order(&self, ctx: &Context<'_>) -> Result<Option<PurchaseOrder>, Error> {
        let Some(id) = &self.0.purchase_order_id else { return Ok(None) };
        Ok(loaders(ctx)?.load_one(PurchaseById(id.clone())).await?.map(PurchaseOrder))
    }

    async fn supplier(&self, ctx: &Context<'_>) -> Result<Option<Supplier>, Error> {
        match &self.0.supplier_id {
            Some(id) => supplier_of(ctx, id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    async fn carrier(&self) -> Option<&str> {
        self.0.carrier.as_deref()
    }

    async fn tracking_number(&self) -> Option<&str> {
        self.0.tracking_number.as_deref()
    }

    async fn expected_at(&self) -> DateTime<Utc> {
        self.0.expected_at
    }

    async fn arrived_at(&self) -> Option<DateTime<Utc>> {
        self.0.arrived_at
    }

    /// At most 250.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<InboundLine>, Error> {
        let rows = loaders(ctx)?.load_one(InboundOfShipment(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).cloned().map(InboundLine).collect())
    }

    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
