//! The schema and its SDL.

use std::sync::Arc;

use async_graphql::{
    EmptyMutation, EmptySubscription, SDLExportOptions, Schema,
    dataloader::DataLoader,
    runtime::{TokioSpawner, TokioTimer},
};
use selvedge_kit::server::{GraphqlExecutor, NullPropagation};

use super::{loaders::ListLoader, query::QueryRoot};
use crate::recommend::Recommender;

/// The schema that answers from `recommender`.
///
/// # Panics
///
/// Outside a tokio runtime.
#[must_use]
pub(crate) fn build(recommender: Recommender) -> Arc<dyn GraphqlExecutor> {
    let loader = DataLoader::new(ListLoader(recommender.clone()), TokioSpawner::current(), TokioTimer::default());
    let schema = Schema::build(QueryRoot, EmptyMutation, EmptySubscription)
        .enable_federation()
        .extension(NullPropagation)
        .data(loader)
        .data(recommender)
        .finish();
    Arc::new(schema)
}

/// The Federation v2 SDL; needs no state.
#[must_use]
pub fn sdl() -> String {
    Schema::build(QueryRoot, EmptyMutation, EmptySubscription)
        .enable_federation()
        .finish()
        .sdl_with_options(SDLExportOptions::new().federation().use_space_ident().prefer_single_line_descriptions())
}
