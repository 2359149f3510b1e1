//! The tree of categories.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object};
use chrono::{DateTime, Utc};

use super::{ProductConnection, ProductFilter, ProductSort, product_connection};
use crate::{
    entity::taxonomy_category,
    graphql::{
        error::of_reading,
        limits::page_request,
        loaders::{CategoryById, ChildrenOfCategory, PathOfCategory, loaders},
    },
    store::{Store, catalog_read::list_products},
};

/// A node of the tree of categories.
#[derive(Debug, Clone)]
pub(crate) struct TaxonomyCategory(pub(crate) Arc<taxonomy_category::Model>);

impl TaxonomyCategory {
    async fn way(&self, ctx: &Context<'_>) -> Result<Vec<Self>, Error> {
        let steps = loaders(ctx)?.load_one(PathOfCategory(self.0.id.clone())).await?;
        Ok(steps.iter().flat_map(|steps| steps.iter()).map(|step| Self(Arc::new(step.category.clone()))).collect())
    }
}

// Events tell of every change: who hears them keeps it for as long as it is true.
#[Object(cache_control(max_age = 30))]
impl TaxonomyCategory {
    async fn id(&self) -> ID {
        self.0.id.clone().into()
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The names from the top down to it, with ` > ` between them.
    async fn full_name(&self, ctx: &Context<'_>) -> Result<String, Error> {
        let names: Vec<String> = self.way(ctx).await?.iter().map(|node| node.0.name.clone()).collect();
        Ok(names.join(" > "))
    }

    /// From the top down to it, at most 10.
    async fn path(&self, ctx: &Context<'_>) -> Result<Vec<Self>, Error> {
        self.way(ctx).await
    }

    /// Null at the top.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Self>, Error> {
        match &self.0.parent_id {
            Some(id) => Ok(loaders(ctx)?.load_one(CategoryById(id.clone())).await?.map(Self)),
            None => Ok(None),
        }
    }

    /// Those right below it by name, at most 250.
    // Not kept: no event of a new one names it.
    #[graphql(cache_control(no_cache))]
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Self>, Error> {
        let rows = loaders(ctx)?.load_one(ChildrenOfCategory(self.0.id.clone())).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).take(250).cloned().map(Self).collect())
    }

    /// The products in it and in all below it that are shown in this channel, or without one, anywhere. `first` and `last`
    /// are at most 250, and 20 when neither is given.
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
    ) -> Result<ProductConnection, Error> {
        let page = page_request(first, after, last, before)?;
        let mut filter = filter.unwrap_or_default().checked(channel)?;
        // A filter for another node leaves what is in both.
        filter.below_categories.push(self.0.id.clone());
        let rows = list_products(ctx.data::<Store>()?, &filter, sort.into(), &page).await.map_err(of_reading)?;
        Ok(product_connection(rows, sort.into(), filter))
    }

    /// Grows with every change of it or of its place.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
