//! The schema, and how a request meets it.

use async_graphql::{MergedObject, Request, Response, SDLExportOptions, Schema, SchemaBuilder};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use selvedge_kit::server::{GraphqlExecutor, NullPropagation};

use super::{
    catalog_query::CatalogQuery,
    channels::ChannelQuery,
    entities::Entities,
    loaders::loaders_for_request,
    mutation::Mutation,
    projected::ProjectedQuery,
    query::{AlertQuery, OrderQuery, RootQuery, SupplyQuery, WaitlistQuery},
    subscription::SubscriptionRoot,
};
use crate::{
    command::{Commands, order::Orders},
    projection::{AlertFeed, BadgeFeed},
    store::Store,
};

/// Selections may nest this deep; the deepest honest one is about half of it.
const DEPTH_MAX: usize = 24;

#[derive(Default, MergedObject)]
pub(crate) struct Query(
    RootQuery,
    ChannelQuery,
    ProjectedQuery,
    CatalogQuery,
    OrderQuery,
    AlertQuery,
    SupplyQuery,
    WaitlistQuery,
    Entities,
);

type InventorySchema = Schema<Query, Mutation, SubscriptionRoot>;

/// What resolvers work with.
#[derive(Clone)]
pub struct Parts {
    /// For reading.
    pub store: Store,
    /// For changing stock.
    pub commands: Commands,
    /// For carts and orders.
    pub orders: Orders,
    /// For watching.
    pub badges: BadgeFeed,
    /// For watching what staff should look at.
    pub alerts: AlertFeed,
}

/// Runs GraphQL requests, each with its own loaders.
pub struct InventoryExecutor {
    schema: InventorySchema,
    store: Store,
}

impl InventoryExecutor {
    /// An executor over `parts`.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let store = parts.store.clone();
        let Parts { store: reader, commands, orders, badges, alerts } = parts;
        let schema = builder().data(reader).data(commands).data(orders).data(badges).data(alerts).finish();
        Self { schema, store }
    }
}

impl GraphqlExecutor for InventoryExecutor {
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let (schema, store) = (self.schema.clone(), self.store.clone());
        async move { schema.execute(request.data(loaders_for_request(store))).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        let (schema, store) = (self.schema.clone(), self.store.clone());
        let responses = async move {
            let loaders = loaders_for_request(store);
            // A subscription outlives every row that it reads.
            loaders.enable_all_cache(false);
            schema.execute_stream(request.data(loaders))
        };
        stream::once(responses).flatten().boxed()
    }
}

/// The Federation v2 SDL of this subgraph; needs no store.
#[must_use]
pub fn sdl() -> String {
    let options =
        SDLExportOptions::new().federation().compose_directive().use_space_ident().prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, SubscriptionRoot> {
    Schema::build(Query::default(), Mutation::default(), SubscriptionRoot)
        .enable_federation()
        .enable_subscription_in_federation()
        .limit_depth(DEPTH_MAX)
        .extension(NullPropagation)
}
