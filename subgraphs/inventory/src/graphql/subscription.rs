//! Subscription fields.

use async_graphql::{Context, Error, Subscription};
use futures::{Stream, StreamExt};

use super::{
    access,
    fed_by::fed_by,
    limits::sku_list,
    types::{StockAlert, StockAlertFilter, StockBadge},
};
use crate::projection::{AlertFeed, BadgeFeed};

/// The root of everything that can be watched.
pub(crate) struct SubscriptionRoot;

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// The current badge of each SKU first, then only newer revisions. At most 250 SKUs.
    #[graphql(directive = fed_by::apply(
        "com.selvedge.inventory.stock_badge_changed.v1".to_owned(),
        "skus".to_owned(),
        "sku".to_owned(),
        Some("revision".to_owned()),
        Some("sku state available expectedAt revision".to_owned()),
        "stockBadges".to_owned(),
        true,
    ))]
    async fn stock_badges(
        &self,
        ctx: &Context<'_>,
        skus: Vec<String>,
    ) -> Result<impl Stream<Item = StockBadge> + use<>, Error> {
        let feed = ctx.data::<BadgeFeed>()?;
        Ok(feed.watch(sku_list(skus)?).await?.map(StockBadge))
    }

    /// Each alert when it is raised, changes or is over, from now on; it may begin with what changed within the last minute.
    /// An alert may come twice: `revision` tells. Scope inventory:read.
    async fn stock_alerts(
        &self,
        ctx: &Context<'_>,
        filter: Option<StockAlertFilter>,
    ) -> Result<impl Stream<Item = StockAlert> + use<>, Error> {
        access::require(ctx, "Subscription.stockAlerts")?;
        let filter = filter.unwrap_or_default().checked()?;
        Ok(ctx.data::<AlertFeed>()?.watch(filter).map(StockAlert))
    }
}
