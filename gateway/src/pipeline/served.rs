//! What is served now, and how something else takes its place.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio::{task, time::Instant};

use super::{
    prepared::{Known, PreparedOperations, Remembered, Room},
    prepared_key::PreparedKey,
};
use crate::{cache::AnswerCache, error::GraphqlError, execute::Graph, parse::Limits, worker::Worker};

/// When it is looked first whether a graph that was replaced is still in use: most requests take no longer. The time
/// doubles with each look.
const FIRST_LOOK: Duration = Duration::from_millis(20);
/// How often it is looked at most: streams last for hours.
const LAST_LOOKS: Duration = Duration::from_secs(1);

/// How much is planned for a new schema before it is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// The most operations.
    pub max_operations: usize,
    /// After this time no further operation is begun.
    pub max_time: Duration,
}

/// What was planned for a new schema before it was served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Warmed {
    /// Operations that are ready.
    pub planned: usize,
    /// Operations that the new schema does not serve.
    pub refused: usize,
    /// Operations that there was no room or time for; they are planned when they are asked for.
    pub left: usize,
}

/// A graph and what was prepared for it; swapped as one, so that no plan outlives its schema.
pub(super) struct Served {
    pub(super) graph: Arc<Graph>,
    /// Since when it is served.
    pub(super) loaded_at: DateTime<Utc>,
    prepared: Arc<PreparedOperations>,
}

impl Served {
    pub(super) fn new((graph, loaded_at): (Graph, DateTime<Utc>), room: Room, cache: Option<&AnswerCache>) -> Self {
        let cache = cache.map(|cache| cache.for_schema(graph.schema()));
        let prepared = Arc::new(PreparedOperations::new(Arc::clone(graph.schema()), room, cache));
        Self { graph: Arc::new(graph), loaded_at, prepared }
    }

    /// The operation of a text and a name, prepared now unless it is known; whoever asks at the same time waits for the
    /// same.
    pub(super) async fn prepare(
        &self,
        asked: (&str, Option<&str>),
        variables: &Map<String, Value>,
        limits: &Limits,
    ) -> Result<Arc<Known>, Vec<GraphqlError>> {
        self.prepared.prepare(asked, variables, limits).await
    }

    /// Plans what `before` was asked for most, apart from the threads that answer requests.
    pub(super) async fn warm(&self, before: &Self, (limits, warm_up): (Limits, WarmUp), worker: &Worker) -> Warmed {
        let mut wanted = before.prepared.in_use();
        let known = wanted.len();
        wanted.truncate(warm_up.max_operations);
        let prepared = Arc::clone(&self.prepared);
        let planning = worker.run(move || plan_until(&prepared, wanted, &limits, warm_up.max_time));
        // What it might panic on is caught one by one; then nothing is warm, which is no reason to refuse a schema.
        let (planned, refused) = planning.await.unwrap_or_default();
        let warmed = Warmed { planned: planned.len(), refused, left: known - planned.len() - refused };
        for (key, operation) in planned {
            self.prepared.keep(key, operation).await;
        }
        warmed
    }
}

/// Plans `wanted` in its order until `max_time` is over; what the schema does not serve is counted.
fn plan_until(
    prepared: &PreparedOperations,
    wanted: Vec<(Arc<PreparedKey>, u64)>,
    limits: &Limits,
    max_time: Duration,
) -> (Vec<(PreparedKey, Remembered)>, usize) {
    let end = Instant::now() + max_time;
    let mut planned = Vec::with_capacity(wanted.len());
    let mut refused = 0;
    for (key, uses) in wanted {
        if Instant::now() >= end {
            break;
        }
        // Half of the count goes along: what was asked for lately weighs more than what was asked for long ago.
        match prepared.plan_here(&key, limits, uses / 2) {
            Ok(remembered) => planned.push(((*key).clone(), remembered)),
            Err(_) => refused += 1,
        }
    }
    (planned, refused)
}

/// Lets go of what was served before, once nothing runs on it any more; to free a large schema takes a while, so it is
/// not done by the thread that happens to end last. Until then it counts in `in_use`.
pub(super) fn retire(before: Arc<Served>, in_use: Arc<AtomicUsize>, worker: Worker) {
    count(&in_use, 1);
    task::spawn(async move {
        let graph = Arc::clone(&before.graph);
        // Requests hold what they prepared and the graph, never the other plans.
        worker.free(before);
        let mut pause = FIRST_LOOK;
        while Arc::strong_count(&graph) > 1 {
            tokio::time::sleep(pause).await;
            pause = LAST_LOOKS.min(pause * 2);
        }
        worker.free(graph);
        count(&in_use, -1);
    });
}

fn count(in_use: &AtomicUsize, by: isize) {
    in_use.fetch_add(by.cast_unsigned(), Ordering::Relaxed);
    metrics::gauge!("selvedge_schema_replaced_in_use").increment(if by > 0 { 1.0 } else { -1.0 });
}
