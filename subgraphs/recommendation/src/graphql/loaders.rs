//! Lists of many products made in one pass.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use selvedge_kit::identity::Identity;

use crate::recommend::{PageRequest, Recommendation, Recommender};

/// The key of a similar list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SimilarKey(pub(super) PageRequest);

/// The key of a bought-together list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BoughtTogetherKey(pub(super) PageRequest);

/// The work was stopped in the middle.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the computation of recommendations was stopped: {reason}")]
pub(super) struct Stopped {
    reason: String,
}

/// Makes lists off the asynchronous threads; a page of products costs one pass over the vectors.
pub(super) struct ListLoader(pub(super) Recommender);

impl Loader<SimilarKey> for ListLoader {
    type Value = Vec<Recommendation>;
    type Error = Stopped;

    async fn load(&self, keys: &[SimilarKey]) -> Result<HashMap<SimilarKey, Self::Value>, Stopped> {
        let (recommender, keys) = (self.0.clone(), keys.to_vec());
        compute(move || {
            let requests: Vec<PageRequest> = keys.iter().map(|key| key.0.clone()).collect();
            keys.into_iter().zip(recommender.similar(&requests)).collect()
        })
        .await
    }
}

impl Loader<BoughtTogetherKey> for ListLoader {
    type Value = Vec<Recommendation>;
    type Error = Stopped;

    async fn load(&self, keys: &[BoughtTogetherKey]) -> Result<HashMap<BoughtTogetherKey, Self::Value>, Stopped> {
        let (recommender, keys) = (self.0.clone(), keys.to_vec());
        compute(move || {
            keys.into_iter()
                .map(|key| {
                    let list = recommender.bought_together(&key.0);
                    (key, list)
                })
                .collect()
        })
        .await
    }
}

/// Runs `work` where blocking is allowed.
pub(super) async fn compute<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, Stopped> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Stopped { reason: error.to_string() })
}

/// Who asks; a request without identity is an anonymous one.
pub(super) fn caller<'a>(context: &Context<'a>) -> Option<&'a str> {
    context.data_opt::<Identity>()?.subject.as_deref()
}
