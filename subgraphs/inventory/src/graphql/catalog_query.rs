//! Query fields of the catalog beside products.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};

use super::{
    access,
    error::{bad_user_input, of_reading},
    limits::{self, page_request, storable},
    loaders::{CategoryById, CollectionByHandle, CollectionById, PromotionById, loaders},
    types::{
        Collection, CollectionConnection, Promotion, PromotionConnection, TaxonomyCategory, collection_connection,
        promotion_connection,
    },
};
use crate::{
    command::catalog::CHILDREN_MAX,
    store::{
        Store,
        catalog_read::{list_collections, list_promotions, top_categories},
    },
};

/// What is read of the catalog beside products.
#[derive(Default)]
pub(crate) struct CatalogQuery;

#[Object]
impl CatalogQuery {
    /// A node of the tree of categories. Null when it is unknown.
    async fn category(&self, ctx: &Context<'_>, id: ID) -> Result<Option<TaxonomyCategory>, Error> {
        Ok(loaders(ctx)?.load_one(CategoryById(storable("id", &id)?.to_owned())).await?.map(TaxonomyCategory))
    }

    /// The top of the tree of categories by name, at most 250.
    // No event of a new one names it.
    #[graphql(cache_control(no_cache))]
    async fn categories(&self, ctx: &Context<'_>) -> Result<Option<Vec<TaxonomyCategory>>, Error> {
        let rows = top_categories(ctx.data::<Store>()?, CHILDREN_MAX).await?;
        Ok(Some(rows.into_iter().map(|row| TaxonomyCategory(Arc::new(row))).collect()))
    }

    /// By one of `id` and `handle`. Null when it is unknown or not published in this channel, or without one, anywhere.
    async fn collection(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        handle: Option<String>,
        channel: Option<String>,
    ) -> Result<Option<Collection>, Error> {
        let channel = channel.map(limits::channel).transpose()?;
        let row = match (id, handle) {
            (Some(id), None) => loaders(ctx)?.load_one(CollectionById(storable("id", &id)?.to_owned())).await?,
            (None, Some(handle)) => {
                loaders(ctx)?.load_one(CollectionByHandle(storable("handle", &handle)?.to_owned())).await?
            }
            _ => return Err(bad_user_input("give either `id` or `handle`")),
        };
        let found = row.map(Collection).into_iter().collect();
        Ok(Collection::shown(ctx, found, channel.as_deref()).await?.pop())
    }

    /// Those that are published in this channel, or without one, anywhere; by title. `first` and `last` are at most 250,
    /// and 20 when neither is given.
    // No event tells that another collection has come to belong into the list.
    #[graphql(cache_control(no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn collections(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        channel: Option<String>,
    ) -> Result<Option<CollectionConnection>, Error> {
        let page = page_request(first, after, last, before)?;
        let channel = channel.map(limits::channel).transpose()?;
        let rows = list_collections(ctx.data::<Store>()?, channel.as_deref(), &page).await.map_err(of_reading)?;
        Ok(Some(collection_connection(rows)))
    }

    /// Null when it is unknown. Scope catalog:write.
    #[graphql(cache_control(private, no_cache))]
    async fn promotion(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Promotion>, Error> {
        access::require(ctx, "Query.promotion")?;
        Ok(loaders(ctx)?.load_one(PromotionById(storable("id", &id)?.to_owned())).await?.map(Promotion))
    }

    /// The latest first. Scope catalog:write. `first` and `last` are at most 250, and 20 when neither is given.
    #[graphql(cache_control(private, no_cache))]
    #[expect(clippy::too_many_arguments, reason = "they are the field's arguments in the API")]
    async fn promotions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<PromotionConnection>, Error> {
        access::require(ctx, "Query.promotions")?;
        let page = page_request(first, after, last, before)?;
        let rows = list_promotions(ctx.data::<Store>()?, &page).await.map_err(of_reading)?;
        Ok(Some(promotion_connection(rows)))
    }
}
