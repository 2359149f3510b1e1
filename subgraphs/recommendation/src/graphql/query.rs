//! The root of queries.

use async_graphql::{Context, ID, Object, Result};

use super::{
    error::count_of,
    feed::FeedNode,
    loaders::{caller, compute},
    product::ProductNode,
};
use crate::recommend::Recommender;

pub(super) struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    /// For the caller: personal with consent, popular otherwise. first: 1 to 50.
    #[graphql(cache_control(private, no_cache))]
    async fn feed(&self, context: &Context<'_>, #[graphql(default = 20)] first: i32) -> Result<Option<FeedNode>> {
        let count = count_of(first)?;
        let recommender = context.data::<Recommender>()?.clone();
        let customer = caller(context).map(ToOwned::to_owned);
        Ok(Some(compute(move || recommender.feed(customer.as_deref(), count)).await?.into()))
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, id: ID) -> ProductNode {
        ProductNode::of(&id)
    }
}
