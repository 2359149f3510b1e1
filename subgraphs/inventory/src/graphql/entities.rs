//! What the gateway resolves by key for the other subgraphs; every key is batched with the others of its request.

use async_graphql::{Context, Error, ID, Object};

use super::{
    error::caller,
    loaders::{
        CategoryById, CollectionByHandle, CollectionById, LevelById, LocationById, ProductByHandle, ProductById,
        VariantById, VariantBySku, loaders,
    },
    types::{
        Collection, InventoryLevel, Location, Order, Product, ProductVariant, Reservation, StockBadge, TaxonomyCategory,
    },
};
use crate::store::badges;

/// The entities of this subgraph. An unknown key gives null.
#[derive(Default)]
pub(crate) struct Entities;

#[Object]
impl Entities {
    #[graphql(entity)]
    async fn taxonomy_category_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TaxonomyCategory>, Error> {
        Ok(loaders(ctx)?.load_one(CategoryById(id.0)).await?.map(TaxonomyCategory))
    }

    #[graphql(entity)]
    async fn collection_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Collection>, Error> {
        Ok(loaders(ctx)?.load_one(CollectionById(id.0)).await?.map(Collection))
    }

    #[graphql(entity)]
    async fn collection_by_handle(&self, ctx: &Context<'_>, handle: String) -> Result<Option<Collection>, Error> {
        Ok(loaders(ctx)?.load_one(CollectionByHandle(handle)).await?.map(Collection))
    }

    #[graphql(entity)]
    async fn product_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Product>, Error> {
        Ok(loaders(ctx)?.load_one(ProductById(id.0)).await?.map(Product))
    }

    #[graphql(entity)]
    async fn product_by_handle(&self, ctx: &Context<'_>, handle: String) -> Result<Option<Product>, Error> {
        Ok(loaders(ctx)?.load_one(ProductByHandle(handle)).await?.map(Product))
    }

    #[graphql(entity)]
    async fn variant_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ProductVariant>, Error> {
        Ok(loaders(ctx)?.load_one(VariantById(id.0)).await?.map(ProductVariant))
    }

    #[graphql(entity)]
    async fn variant_by_sku(&self, ctx: &Context<'_>, sku: String) -> Result<Option<ProductVariant>, Error> {
        Ok(loaders(ctx)?.load_one(VariantBySku(sku)).await?.map(ProductVariant))
    }

    #[graphql(entity)]
    async fn stock_badge_by_sku(&self, ctx: &Context<'_>, sku: String) -> Result<Option<StockBadge>, Error> {
        let row = loaders(ctx)?.load_one(VariantBySku(sku)).await?;
        row.map(|row| Ok(StockBadge::of(badges::of_variant(&row)?))).transpose()
    }

    #[graphql(entity)]
    async fn level_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<InventoryLevel>, Error> {
        Ok(loaders(ctx)?.load_one(LevelById(id.0)).await?.map(InventoryLevel))
    }

    #[graphql(entity)]
    async fn location_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Location>, Error> {
        Ok(loaders(ctx)?.load_one(LocationById(id.0)).await?.map(Location))
    }

    #[graphql(entity)]
    async fn reservation_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Reservation>, Error> {
        Reservation::visible_to(caller(ctx)?, ctx, id).await
    }

    #[graphql(entity)]
    async fn order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Order>, Error> {
        Order::visible_to(caller(ctx)?, ctx, id.0).await
    }
}
