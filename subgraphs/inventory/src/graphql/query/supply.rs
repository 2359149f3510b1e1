//! Query fields of what is bought and on its way.

use async_graphql::{Context, Error, ID, InputObject, Object};
use chrono::{DateTime, Utc};

use crate::{
    domain::supply as rules,
    graphql::{
        access,
        error::of_reading,
        limits::{page_request, storable},
        loaders::{PurchaseById, ShipmentById, SupplierById, loaders},
        types::{
            InboundShipment, InboundShipmentConnection, PurchaseOrder, PurchaseOrderConnection, PurchaseStatus,
            ShipmentStatus, Supplier, SupplierConnection, purchase_connection, shipment_connection,
            supplier_connection,
        },
    },
    store::{
        Store,
        catalog_read::{PurchaseFilter, ShipmentFilter, list_purchases, list_shipments, list_suppliers},
    },
};

#[derive(Debug, Default, InputObject)]
pub(crate) struct PurchaseOrderFilter {
    status: Option<PurchaseStatus>,
    supplier_id: Option<ID>,
}

#[derive(Debug, Default, InputObject)]
pub(crate) struct InboundShipmentFilter {
    status: Option<ShipmentStatus>,
    purchase_order_id: Option<ID>,
    /// Only those expected before this time.
    expected_before: Option<DateTime<Utc>>,
}

#[derive(Default)]
pub(crate) struct SupplyQuery;

// The hint is on each field: on the object it would hold for the whole root, which it is a part of.
#[Object]
impl SupplyQuery {
    /// Null when it is unknown. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn supplier(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Supplier>, Error> {
        access::require(ctx, "Query.supplier")?;
        Ok(loaders(ctx)?.load_one(SupplierById(storable("id", &id)?.to_owned())).await?.map(Supplier))
    }

    /// By code; with `archived` only those that are, or are not. Scope inventory:read. `first` and `last` are at most 250,
    /// and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn suppliers(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        archived: Option<bool>,
    ) -> Result<Option<SupplierConnection>, Error> {
        access::require(ctx, "Query.suppliers")?;
        let page = page_request(first, after, last, before)?;
        let rows = list_suppliers(ctx.data::<Store>()?, archived, &page).await.map_err(of_reading)?;
        Ok(Some(supplier_connection(rows)))
    }

    /// Null when it is unknown. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn purchase_order(&self, ctx: &Context<'_>, id: ID) -> Result<Option<PurchaseOrder>, Error> {
        access::require(ctx, "Query.purchaseOrder")?;
        Ok(loaders(ctx)?.load_one(PurchaseById(storable("id", &id)?.to_owned())).await?.map(PurchaseOrder))
    }

    /// The latest first. Scope inventory:read. `first` and `last` are at most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn purchase_orders(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<PurchaseOrderFilter>,
    ) -> Result<Option<PurchaseOrderConnection>, Error> {
        access::require(ctx, "Query.purchaseOrders")?;
        let page = page_request(first, after, last, before)?;
        let PurchaseOrderFilter { status, supplier_id } = filter.unwrap_or_default();
        storable("supplierId", supplier_id.as_deref().map_or("", String::as_str))?;
        let filter = PurchaseFilter {
            status: status.map(|status| rules::PurchaseStatus::from(status).as_str()),
            supplier_id: supplier_id.map(|id| id.0),
        };
        let rows = list_purchases(ctx.data::<Store>()?, &filter, &page).await.map_err(of_reading)?;
        Ok(Some(purchase_connection(rows)))
    }

    /// Null when it is unknown. Scope inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn inbound_shipment(&self, ctx: &Context<'_>, id: ID) -> Result<Option<InboundShipment>, Error> {
        access::require(ctx, "Query.inboundShipment")?;
        Ok(loaders(ctx)?.load_one(ShipmentById(storable("id", &id)?.to_owned())).await?.map(InboundShipment))
    }

    /// The next to come first. Scope inventory:read. `first` and `last` are at most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn inbound_shipments(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<InboundShipmentFilter>,
    ) -> Result<Option<InboundShipmentConnection>, Error> {
        access::require(ctx, "Query.inboundShipments")?;
        let page = page_request(first, after, last, before)?;
        let InboundShipmentFilter { status, purchase_order_id, expected_before } = filter.unwrap_or_default();
        storable("purchaseOrderId", purchase_order_id.as_deref().map_or("", String::as_str))?;
        let filter = ShipmentFilter {
            status: status.map(|status| rules::ShipmentStatus::from(status).as_str()),
            purchase_order_id: purchase_order_id.map(|id| id.0),
            expected_before,
        };
        let rows = list_shipments(ctx.data::<Store>()?, &filter, &page).await.map_err(of_reading)?;
        Ok(Some(shipment_connection(rows)))
    }
}
