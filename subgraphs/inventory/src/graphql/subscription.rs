//! Subscription fields.

use async_graphql::{Context, Error, Subscription};
use futures::{Stream, StreamExt};

use super::{limits::sku_list, types::StockBadge};
use crate::projection::BadgeFeed;

/// The root of everything that can be watched.
pub(crate) struct SubscriptionRoot;

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// The current badge of each SKU first, then only newer revisions. At most 250 SKUs.
    async fn stock_badges(
        &self,
        ctx: &Context<'_>,
        skus: Vec<String>,
    ) -> Result<impl Stream<Item = StockBadge> + use<>, Error> {
        let feed = ctx.data::<BadgeFeed>()?;
        Ok(feed.watch(sku_list(skus)?).await?.map(StockBadge))
    }
}
