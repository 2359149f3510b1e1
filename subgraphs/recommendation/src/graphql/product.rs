//! What this subgraph adds to products.

use async_graphql::{Context, ID, Object, Result, dataloader::DataLoader};

use super::{
    error::count_of,
    loaders::{BoughtTogetherKey, ListLoader, SimilarKey, caller},
    recommendation::RecommendationNode,
};
use crate::{
    domain::ProductId,
    recommend::{PageRequest, Recommendation},
};

/// A product by its id; inventory owns everything else of it.
pub(super) struct ProductNode(pub(super) ProductId);

impl ProductNode {
    pub(super) fn of(id: &ID) -> Self {
        Self(id.as_str().into())
    }

    fn request(&self, context: &Context<'_>, first: i32) -> Result<PageRequest> {
        let customer = caller(context).map(ToOwned::to_owned);
        Ok(PageRequest { product: self.0.clone(), count: count_of(first)?, customer })
    }
}

#[Object(name = "Product")]
impl ProductNode {
    async fn id(&self) -> ID {
        ID::from(&*self.0)
    }

    /// Available products alike by attributes and text. first: 1 to 50.
    #[graphql(cache_control(private, max_age = 2))]
    async fn similar(
        &self,
        context: &Context<'_>,
        #[graphql(default = 8)] first: i32,
    ) -> Result<Option<Vec<RecommendationNode>>> {
        let key = SimilarKey(self.request(context, first)?);
        let list = context.data::<DataLoader<ListLoader>>()?.load_one(key).await;
        Ok(Some(nodes(list?)))
    }

    /// Available products found in the same baskets. first: 1 to 50.
    #[graphql(cache_control(private, max_age = 2))]
    async fn bought_together(
        &self,
        context: &Context<'_>,
        #[graphql(default = 8)] first: i32,
    ) -> Result<Option<Vec<RecommendationNode>>> {
        let key = BoughtTogetherKey(self.request(context, first)?);
        let list = context.data::<DataLoader<ListLoader>>()?.load_one(key).await;
        Ok(Some(nodes(list?)))
    }
}

fn nodes(list: Option<Vec<Recommendation>>) -> Vec<RecommendationNode> {
    list.unwrap_or_default().into_iter().map(Into::into).collect()
}
