//! The schema and what its resolvers work with.

use std::sync::Arc;

use async_graphql::{EmptySubscription, SDLExportOptions, Schema, SchemaBuilder};
use selvedge_kit::server::NullPropagation;

use super::{mutation::MutationRoot, query::QueryRoot};
use crate::{command::Customers, intake::Intake, privacy::Privacy, store::CustomerStore};

/// The subgraph's schema.
pub(crate) type PreferencesSchema = Schema<QueryRoot, MutationRoot, EmptySubscription>;

/// How deep an operation of the gateway may go.
const MAX_DEPTH: usize = 20;

/// What resolvers call.
pub(crate) struct Services {
    /// Profiles and wishlists.
    pub(crate) customers: Customers,
    /// Consent.
    pub(crate) privacy: Privacy,
    /// Behaviour.
    pub(crate) intake: Intake,
    /// Reads.
    pub(crate) store: Arc<dyn CustomerStore>,
}

/// The schema over `services`.
#[must_use]
pub(crate) fn with_services(services: Services) -> PreferencesSchema {
    builder().data(services).finish()
}

/// The schema in Federation v2 SDL.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().federation().compose_directive().prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<QueryRoot, MutationRoot, EmptySubscription> {
    Schema::build(QueryRoot, MutationRoot, EmptySubscription)
        .enable_federation()
        .limit_depth(MAX_DEPTH)
        .extension(NullPropagation)
}
