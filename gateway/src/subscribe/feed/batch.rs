//! What other subgraphs add to many events is asked for together.

use std::{sync::Arc, task::Poll};

use futures::{FutureExt, future::join_all};
use tokio::time::Instant;

use super::{FeedPlan, merge::Merger, state::Arrived, topic::Value};
use crate::{
    execute::{ExecuteContext, execute_event},
    subgraph::{CallContext, SubgraphTransports},
    subscribe::mailbox::Key,
};

/// Resolves and encodes events, each once for all clients. Fetches of the same stage of different events become one.
pub(super) async fn resolve_all(
    plan: &FeedPlan,
    (events, snapshot): (Vec<Arrived>, u64),
    call: Arc<CallContext>,
    deadline: Instant,
) -> Vec<(Key, Value)> {
    let merger = Merger::default();
    let has_steps = !plan.operation.plan().steps.is_empty();
    let own = plan.graph.transports();
    let merging = if has_steps && events.len() > 1 { Some(merger.around(own)) } else { None };
    let transports: &SubgraphTransports = merging.as_ref().unwrap_or(own);
    // The variables were found to fit when the first client came.
    let context = ExecuteContext { transports, call, deadline, kept: None, reads: None, hints: false };
    metrics::counter!("selvedge_live_encoded_total").increment(events.len() as u64);
    let resolving = events.into_iter().map(|(key, revision, event)| {
        let response = execute_event(plan.graph.schema(), &plan.operation, &plan.variables, event, &context);
        response.map(move |response| (key, Value { revision, response: response.to_bytes(), snapshot }))
    });
    let mut resolving = Box::pin(join_all(resolving));
    std::future::poll_fn(|context| {
        // A join polls only some of its futures at a time: all are to come as far as they can, so that what they ask for
        // goes out together.
        loop {
            let before = merger.len();
            if let Poll::Ready(all) = resolving.poll_unpin(context) {
                return Poll::Ready(all);
            }
            if merger.len() == before {
                break;
            }
        }
        merger.send();
        Poll::Pending
    })
    .await
}
