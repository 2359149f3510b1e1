//! Query fields.

mod alerts;
mod orders;
mod supply;
mod waitlist;

pub(crate) use alerts::AlertQuery;
use async_graphql::{Context, Error, ID, Object};
use chrono::{DateTime, Utc};
pub(crate) use orders::OrderQuery;
pub(crate) use supply::SupplyQuery;
pub(crate) use waitlist::WaitlistQuery;

use super::{
    access,
    error::{bad_user_input, caller, of_reading},
    limits::{self, page_request, sku_list, storable},
    loaders::{LocationById, ProductByHandle, ProductById, VariantById, VariantBySku, loaders},
    types::{
        Facet, Location, LocationConnection, Product, ProductConnection, ProductFilter, ProductSort, ProductVariant,
        Reservation, StockAt, StockBadge, location_connection, product_connection,
    },
};
use crate::store::{
    Store, badges,
    catalog_read::{list_locations, list_products, product_facets},
};

/// The root of everything that can be read. Every field may be null, so that a query over several subgraphs keeps what
/// the others gave when this one fails.
#[derive(Default)]
pub(crate) struct RootQuery;

#[Object]
impl RootQuery {
    /// By one of `id` and `handle`. Null when it is unknown or not shown in this channel, or without one, anywhere.
    async fn product(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        handle: Option<String>,
        channel: Option<String>,
    ) -> Result<Option<Product>, Error> {
        let channel = channel.map(limits::channel).transpose()?;
        let row = match (id, handle) {
            (Some(id), None) => loaders(ctx)?.load_one(ProductById(storable("id", &id)?.to_owned())).await?,
            (None, Some(handle)) => {
                loaders(ctx)?.load_one(ProductByHandle(storable("handle", &handle)?.to_owned())).await?
            }
            _ => return Err(bad_user_input("give either `id` or `handle`")),
        };
        Product::shown(ctx, row, channel.as_deref()).await
    }

    /// Those that are shown in this channel, or without one, anywhere. `first` and `last` are at most 250, and 20 when
    /// neither is given.
    // No event tells that another product has come to belong into a list.
    #[graphql(cache_control(no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<ProductFilter>,
        #[graphql(default)] sort: ProductSort,
        channel: Option<String>,
    ) -> Result<Option<ProductConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let filter = filter.unwrap_or_default().checked(channel)?;
        let rows = list_products(ctx.data::<Store>()?, &filter, sort.into(), &page).await.map_err(of_reading)?;
        Ok(Some(product_connection(rows, sort.into(), filter)))
    }

    /// What the list can be narrowed to. A facet is not narrowed by its own filter, so that its counts say what a
    /// shopper could choose instead.
    #[graphql(cache_control(no_cache))]
    async fn product_facets(
        &self,
        ctx: &Context<'_>,
        filter: Option<ProductFilter>,
        channel: Option<String>,
    ) -> Result<Option<Vec<Facet>>, Error> {
        let filter = filter.unwrap_or_default().checked(channel)?;
        let facets = product_facets(ctx.data::<Store>()?, &filter).await?;
        Ok(Some(facets.into_iter().map(Facet::from).collect()))
    }

    /// By one of `id` and `sku`.
    async fn variant(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        sku: Option<String>,
    ) -> Result<Option<ProductVariant>, Error> {
        let row = match (id, sku) {
            (Some(id), None) => loaders(ctx)?.load_one(VariantById(storable("id", &id)?.to_owned())).await?,
            (None, Some(sku)) => loaders(ctx)?.load_one(VariantBySku(storable("sku", &sku)?.to_owned())).await?,
            _ => return Err(bad_user_input("give either `id` or `sku`")),
        };
        Ok(row.map(ProductVariant))
    }

    /// At most 250 SKUs; unknown SKUs are left out.
    async fn variants(&self, ctx: &Context<'_>, skus: Vec<String>) -> Result<Option<Vec<ProductVariant>>, Error> {
        let skus = sku_list(skus)?;
        let mut rows = loaders(ctx)?.load_many(skus.iter().cloned().map(VariantBySku)).await?;
        let found = skus.into_iter().filter_map(|sku| rows.remove(&VariantBySku(sku)));
        Ok(Some(found.map(ProductVariant).collect()))
    }

    async fn location(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Location>, Error> {
        Ok(loaders(ctx)?.load_one(LocationById(storable("id", &id)?.to_owned())).await?.map(Location))
    }

    /// In the order in which stock is taken from them. `first` and `last` are at most 250, and 20 when neither is
    /// given.
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn locations(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LocationConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let rows = list_locations(ctx.data::<Store>()?, &page).await.map_err(of_reading)?;
        Ok(Some(location_connection(rows)))
    }

    /// At most 250 SKUs; unknown SKUs are left out.
    async fn stock_badges(&self, ctx: &Context<'_>, skus: Vec<String>) -> Result<Option<Vec<StockBadge>>, Error> {
        let skus = sku_list(skus)?;
        let mut rows = loaders(ctx)?.load_many(skus.iter().cloned().map(VariantBySku)).await?;
        let rows = skus.into_iter().filter_map(|sku| rows.remove(&VariantBySku(sku)));
        rows.map(|row| Ok(StockBadge::of(badges::of_variant(&row)?))).collect::<Result<_, Error>>().map(Some)
    }

    /// Null when it is unknown, or somebody else's.
    async fn reservation(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Reservation>, Error> {
        storable("id", &id)?;
        Reservation::visible_to(caller(ctx)?, ctx, id).await
    }

    /// The stock of a SKU as it was at a time: the ledger replayed. Null when there is no such SKU. Scope
    /// inventory:read.
    #[graphql(cache_control(private, no_cache))]
    async fn stock_at(
        &self,
        ctx: &Context<'_>,
        sku: String,
        location_id: Option<ID>,
        time: DateTime<Utc>,
    ) -> Result<Option<StockAt>, Error> {
        access::require(ctx, "Query.stockAt")?;
        storable("locationId", location_id.as_deref().map_or("", String::as_str))?;
        let row = loaders(ctx)?.load_one(VariantBySku(storable("sku", &sku)?.to_owned())).await?;
        let Some(row) = row else { return Ok(None) };
        let location_id = location_id.as_deref().map(String::as_str);
        StockAt::read(ctx, (&row.id, &sku), location_id, time).await.map(Some)
    }
}
