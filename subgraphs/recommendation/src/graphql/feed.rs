//! The feed.

use async_graphql::SimpleObject;

use super::recommendation::RecommendationNode;
use crate::recommend::Feed;

#[derive(SimpleObject)]
#[graphql(name = "Feed")]
pub(super) struct FeedNode {
    items: Vec<RecommendationNode>,
    /// True when the list is not personal, or when a source was missing.
    degraded: bool,
}

impl From<Feed> for FeedNode {
    fn from(feed: Feed) -> Self {
        Self { items: feed.items.into_iter().map(Into::into).collect(), degraded: feed.degraded }
    }
}
