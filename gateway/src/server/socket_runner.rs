//! What operations over WebSocket need of the edge: room at the door, and the header rules of HTTP requests.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::door::{Door, overloaded};
use crate::{
    authenticate::Identity,
    error::GraphqlError,
    pipeline::Pipeline,
    request::GraphqlRequest,
    subgraph::Forwarding,
    subscribe::{Caller, Place, RunOperation, Running},
};

/// Runs operations of WebSocket connections.
pub(super) struct SocketRunner {
    pub(super) pipeline: Pipeline,
    pub(super) door: Arc<Door>,
    pub(super) forwarding: Forwarding,
}

impl RunOperation for SocketRunner {
    /// A query or mutation is inside until it is answered, a subscription until its stream is open.
    fn run(
        &self,
        request: GraphqlRequest,
        caller: Caller,
        place: Place,
    ) -> BoxFuture<'static, Result<Running, Vec<GraphqlError>>> {
        let (pipeline, door) = (self.pipeline.clone(), Arc::clone(&self.door));
        async move {
            let Some(_inside) = Door::enter(door) else {
                let (code, message) = overloaded();
                return Err(vec![GraphqlError::new(code, message)]);
            };
            pipeline.run(request, caller, place).await
        }
        .boxed()
    }

    /// A token of `connection_init` goes to subgraphs by the rules for the header that browsers cannot send here.
    fn authenticate(&self, authorization: String, mut caller: Caller) -> BoxFuture<'static, Result<Caller, String>> {
        if let Ok(mut value) = HeaderValue::from_str(&authorization) {
            value.set_sensitive(true);
            let told = self.forwarding.select(&HeaderMap::from_iter([(AUTHORIZATION, value)]));
            // It takes the place of what the upgrade request had.
            let others = caller.forwarded.iter().filter(|(name, _)| *name != AUTHORIZATION);
            caller.forwarded = others.chain(told.iter()).map(|(name, value)| (name.clone(), value.clone())).collect();
        }
        self.pipeline.authenticate(authorization, caller)
    }

    fn time_left(&self, identity: &Identity) -> Option<Duration> {
        self.pipeline.time_left(identity)
    }
}
