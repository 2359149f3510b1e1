//! Operations of any kind for a connection that outlives them.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};

use super::{NotRun, Pipeline};
use crate::{
    authenticate::Identity,
    error::GraphqlError,
    operation::OperationKind,
    request::GraphqlRequest,
    subscribe::{Caller, Place, RunOperation, Running},
};

impl RunOperation for Pipeline {
    fn run(
        &self,
        mut request: GraphqlRequest,
        mut caller: Caller,
        place: Place,
    ) -> BoxFuture<'static, Result<Running, Vec<GraphqlError>>> {
        let pipeline = self.clone();
        async move {
            let admitted = match pipeline.admit(&mut request, &mut caller).await {
                Ok(prepared) => pipeline.before_execute(&mut request, &mut caller).await.map(|()| prepared),
                Err(NotRun::Refused(refusal)) => Err(refusal),
                Err(invalid) => return Err(pipeline.not_run(invalid, &caller).await.errors),
            };
            let prepared = match admitted {
                Ok(prepared) => prepared,
                Err(refusal) => return Err(pipeline.not_run(refusal.into(), &caller).await.errors),
            };
            let is_live = pipeline.live_wishes(&prepared, &request).is_some();
            if is_live || prepared.kind() == OperationKind::Subscription {
                return pipeline.subscribe_into(prepared, request, caller, place).map(Running::Stream);
            }
            let response = pipeline.execute(&prepared, request, &caller, false).await;
            Ok(Running::Single(response.to_bytes()))
        }
        .boxed()
    }

    fn authenticate(&self, authorization: String, mut caller: Caller) -> BoxFuture<'static, Result<Caller, String>> {
        let pipeline = self.clone();
        async move {
            let verified = pipeline.authenticator().authenticate_value(&authorization).await;
            caller.identity = verified.map_err(|error| error.to_string())?;
            pipeline.identify_again(&mut caller).await.map_err(|refusal| refusal.message)?;
            Ok(caller)
        }
        .boxed()
    }

    fn time_left(&self, identity: &Identity) -> Option<Duration> {
        let left = identity.expires_at? - self.authenticator().now();
        Some(left.to_std().unwrap_or_default())
    }
}
