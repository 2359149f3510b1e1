//! One recommended product and its reason.

use async_graphql::{Enum, SimpleObject};

use super::product::ProductNode;
use crate::{
    domain::{Reason, ReasonCode},
    recommend::Recommendation,
};

#[derive(SimpleObject)]
#[graphql(name = "Recommendation")]
pub(super) struct RecommendationNode {
    product: ProductNode,
    /// 0 to 1, higher is better; comparable within one list.
    score: f64,
    reason: ReasonNode,
}

#[derive(SimpleObject)]
#[graphql(name = "RecommendationReason")]
pub(super) struct ReasonNode {
    code: ReasonCodeNode,
    /// One sentence for the shopper.
    text: String,
    /// The product that led here.
    because: Option<ProductNode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "RecommendationReasonCode", remote = "ReasonCode")]
pub(super) enum ReasonCodeNode {
    SimilarAttributes,
    BoughtTogether,
    ViewedTogether,
    Popular,
    Trending,
    MatchesProfile,
    NewArrival,
}

impl From<Recommendation> for RecommendationNode {
    fn from(recommendation: Recommendation) -> Self {
        Self {
            product: ProductNode(recommendation.product),
            score: recommendation.score,
            reason: recommendation.reason.into(),
        }
    }
}

impl From<Reason> for ReasonNode {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code.into(), text: reason.text, because: reason.because.map(ProductNode) }
    }
}
