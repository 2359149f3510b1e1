//! Any async-graphql schema behind one object-safe trait.

use async_graphql::{ObjectType, Request, Response, Schema, SubscriptionType};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};

/// Executes GraphQL requests.
pub trait GraphqlExecutor: Send + Sync + 'static {
    /// Runs a query or mutation.
    fn execute(&self, request: Request) -> BoxFuture<'static, Response>;
    /// Runs any operation; a subscription yields many responses.
    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<Q, M, S> GraphqlExecutor for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.clone();
        async move { schema.execute(request).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        Self::execute_stream(self, request).boxed()
    }
}
