//! Query fields of the catalog beside products.

use async_graphql::{Context, Error, ID, Object};

use super::{
    access,
    error::of_reading,
    limits::{page_request, storable},
    loaders::{PromotionById, loaders},
    types::{Promotion, PromotionConnection, promotion_connection},
};
use crate::store::{Store, catalog_read::list_promotions};

/// What is read of the catalog beside products.
#[derive(Default)]
pub(crate) struct CatalogQuery;

#[Object]
impl CatalogQuery {
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
