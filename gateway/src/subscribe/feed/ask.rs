//! What a feed asks subgraphs for.

use std::{sync::Arc, time::Duration};

use ahash::AHashMap;
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use tokio::time::Instant;

use super::{
    Feed, FeedPlan,
    batch::resolve_all,
    event::{Snapshot, read_snapshot, refusal, snapshot_body},
    state::{Arrived, Chunk},
    topic::Value,
    trouble::Trouble,
};
use crate::{
    operation::OperationKind,
    subgraph::{CallContext, SubgraphBody, SubgraphRequest, TransportError},
    subscribe::mailbox::Key,
};

/// How long a snapshot, and what other subgraphs add to events, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Something that a feed has waited for.
pub(super) enum Done {
    /// Events with what other subgraphs add, for the plan of a generation.
    Resolved(u64, Vec<(Key, Value)>),
    /// What is true of some keys.
    Current(Asked),
    /// The subgraph refused: what clients are told.
    Refused(Chunk, Bytes),
    /// There was no answer.
    Failed(Chunk, TransportError),
}

/// An answer.
pub(super) struct Asked {
    pub(super) chunk: Chunk,
    pub(super) values: Vec<(Key, Value)>,
    /// The errors beside them.
    pub(super) trouble: Trouble,
}

impl Feed {
    fn call(&self) -> (Arc<CallContext>, Instant) {
        let deadline = Instant::now() + TIMEOUT;
        (Arc::new(self.caller.call_context(&self.signer).until(deadline).alone()), deadline)
    }

    /// Resolves events of which no other subgraph is asked.
    pub(super) async fn resolve(&self, plan: &FeedPlan, events: Vec<Arrived>) -> Vec<(Key, Value)> {
        let (call, deadline) = self.call();
        resolve_all(plan, (events, 0), call, deadline).await
    }

    /// Resolves events.
    pub(super) fn resolving(
        &self,
        plan: &Arc<FeedPlan>,
        generation: u64,
        events: Vec<Arrived>,
    ) -> BoxFuture<'static, Done> {
        let (call, deadline) = self.call();
        let plan = Arc::clone(plan);
        async move { Done::Resolved(generation, resolve_all(&plan, (events, 0), call, deadline).await) }.boxed()
    }

    /// Asks what is true of the keys of a chunk.
    pub(super) fn asking(&self, plan: &Arc<FeedPlan>, chunk: Chunk) -> BoxFuture<'static, Done> {
        let (call, deadline) = self.call();
        let plan = Arc::clone(plan);
        async move {
            let broken = |reason: String| TransportError::Interrupted { subgraph: plan.subgraph.to_string(), reason };
            let bytes = match ask(&plan, &chunk, &call, deadline).await {
                Ok(bytes) => bytes,
                Err(error) => return Done::Failed(chunk, error),
            };
            match read_snapshot(&plan.shape, &bytes) {
                Snapshot::Items(items, beside) => {
                    let found = Trouble::find(&chunk, &items, beside);
                    let mut by_text: AHashMap<&str, &Key> = AHashMap::with_capacity(chunk.keys.len());
                    by_text.extend(chunk.keys.iter().map(|(key, _)| (&**key, key)));
                    let known = |text: &str| by_text.get(text).map(|key| Arc::clone(key));
                    let arrived = items
                        .into_iter()
                        .filter_map(|item| Some((known(&item.key)?, item.revision, item.response)))
                        .collect();
                    let values = resolve_all(&plan, (arrived, chunk.number), Arc::clone(&call), deadline).await;
                    let mut trouble = Trouble::default();
                    for (whose, event) in found {
                        trouble.add(whose, &as_response(&plan, event, (&call, deadline)).await);
                    }
                    Done::Current(Asked { chunk, values, trouble })
                }
                Snapshot::Refused(errors) => {
                    let told = as_response(&plan, refusal(&errors), (&call, deadline)).await;
                    Done::Refused(chunk, told)
                }
                Snapshot::Broken(reason) => Done::Failed(chunk, broken(reason)),
            }
        }
        .boxed()
    }
}

/// What clients get for an event that has no key.
async fn as_response(plan: &FeedPlan, event: Bytes, (call, deadline): (&Arc<CallContext>, Instant)) -> Bytes {
    let event = vec![(Key::from(""), None, event)];
    let told = resolve_all(plan, (event, 0), Arc::clone(call), deadline).await.pop();
    told.map(|(_, value)| value.response).unwrap_or_default()
}

async fn ask(
    plan: &FeedPlan,
    chunk: &Chunk,
    call: &Arc<CallContext>,
    deadline: Instant,
) -> Result<Bytes, TransportError> {
    let keys: Vec<_> = chunk.keys.iter().map(|(_, json)| json.clone()).collect();
    let body = snapshot_body(&plan.shape, plan.live.snapshot.is_list(), &keys, &plan.variables);
    let mut request = SubgraphRequest::new(OperationKind::Query, body, Arc::clone(call));
    request.deadline = Some(deadline);
    metrics::counter!("selvedge_live_snapshots_total").increment(1);
    let broken =
        |reason: &str| TransportError::Interrupted { subgraph: plan.subgraph.to_string(), reason: reason.to_owned() };
    let answer = tokio::time::timeout_at(deadline, plan.graph.transports().call(&plan.subgraph, request)).await;
    match answer.map_err(|_elapsed| broken("it did not answer in time"))??.body {
        SubgraphBody::Complete(bytes) => Ok(bytes),
        SubgraphBody::Stream(_) => Err(broken("it answered with a stream")),
    }
}
