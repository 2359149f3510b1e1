//! What is served now, and how something else takes its place.

use std::{
    cmp::Reverse,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use moka::future::Cache;
use serde_json::{Map, Value};
use tokio::{task, time::Instant};

use super::prepare_guarded;
use crate::{
    cache::{AnswerCache, OperationProfile, SchemaCache},
    error::GraphqlError,
    execute::Graph,
    parse::Limits,
    plan::{ConditionVariable, Conditions, Preparation, PreparedOperation},
    schema::ServedSchema,
    worker::Worker,
};

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

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PreparedKey {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    /// For an operation whose selection depends on variables, their values; `None` until that is known.
    pub(super) conditions: Option<Conditions>,
}

/// A prepared operation, and how often it was asked for.
pub(super) struct Known {
    pub(super) operation: Arc<PreparedOperation>,
    /// What the cache of answers knows of it.
    pub(super) profile: Option<OperationProfile>,
    uses: AtomicU64,
}

/// What is remembered of a key.
#[derive(Clone)]
enum Remembered {
    Known(Arc<Known>),
    /// The key lacks the values of these variables.
    Conditional(Arc<[ConditionVariable]>),
}

impl Remembered {
    fn new(
        preparation: Preparation,
        profile: impl FnOnce(&PreparedOperation) -> Option<OperationProfile>,
        uses: u64,
    ) -> Self {
        match preparation {
            Preparation::Planned(operation) => {
                let profile = profile(&operation);
                Self::Known(Known::new(*operation, profile, uses))
            }
            Preparation::Conditional(variables) => Self::Conditional(variables.into()),
        }
    }
}

impl Known {
    fn new(operation: PreparedOperation, profile: Option<OperationProfile>, uses: u64) -> Arc<Self> {
        Arc::new(Self { operation: Arc::new(operation), profile, uses: AtomicU64::new(uses) })
    }
}

/// A graph and what was prepared for it; swapped as one, so that no plan outlives its schema.
pub(super) struct Served {
    pub(super) graph: Arc<Graph>,
    /// Since when it is served.
    pub(super) loaded_at: DateTime<Utc>,
    prepared: Cache<PreparedKey, Remembered>,
    cache: Option<SchemaCache>,
}

impl Served {
    pub(super) fn new(
        (graph, loaded_at): (Graph, DateTime<Utc>),
        max_prepared: u64,
        cache: Option<&AnswerCache>,
    ) -> Self {
        let cache = cache.map(|cache| cache.for_schema(graph.schema()));
        Self { graph: Arc::new(graph), loaded_at, prepared: Cache::new(max_prepared), cache }
    }

    /// The operation of `key`, prepared now unless it is known; whoever asks at the same time waits for the same.
    pub(super) async fn prepare(
        &self,
        mut key: PreparedKey,
        variables: &Map<String, Value>,
        limits: &Limits,
    ) -> Result<Arc<Known>, Vec<GraphqlError>> {
        loop {
            match self.remembered(&key, limits).await? {
                Remembered::Known(known) => {
                    // Only the order of warming depends on it, so a lost race costs nothing.
                    known.uses.fetch_add(1, Ordering::Relaxed);
                    return Ok(known);
                }
                // The key with the values leads to an operation.
                Remembered::Conditional(asked) => key.conditions = Some(Conditions::of(&asked, variables)),
            }
        }
    }

    async fn remembered(&self, key: &PreparedKey, limits: &Limits) -> Result<Remembered, Vec<GraphqlError>> {
        if let Some(remembered) = self.prepared.get(key).await {
            return Ok(remembered);
        }
        let preparing = async {
            let preparation = prepare_guarded(self.graph.schema(), key, limits)?;
            let profile = |operation: &PreparedOperation| {
                self.cache.as_ref().map(|cache| cache.profile(self.graph.schema(), operation))
            };
            Ok::<_, Vec<GraphqlError>>(Remembered::new(preparation, profile, 0))
        };
        self.prepared.try_get_with_by_ref(key, preparing).await.map_err(Arc::unwrap_or_clone)
    }

    /// What was asked for, the most used first.
    fn in_use(&self) -> Vec<(Arc<PreparedKey>, u64)> {
        let uses = |remembered: Remembered| match remembered {
            Remembered::Known(known) => Some(known.uses.load(Ordering::Relaxed)),
            // It is found out again when it is asked for.
            Remembered::Conditional(_) => None,
        };
        let mut in_use: Vec<_> =
            self.prepared.iter().filter_map(|(key, remembered)| Some((key, uses(remembered)?))).collect();
        in_use.sort_by_key(|(_, uses)| Reverse(*uses));
        in_use
    }

    /// Plans what `before` was asked for most, apart from the threads that answer requests.
    pub(super) async fn warm(&self, before: &Self, (limits, warm_up): (Limits, WarmUp), worker: &Worker) -> Warmed {
        let mut wanted = before.in_use();
        let known = wanted.len();
        wanted.truncate(warm_up.max_operations);
        let schema = Arc::clone(self.graph.schema());
        let cache = self.cache.clone();
        let profile = move |schema: &ServedSchema, operation: &PreparedOperation| {
            cache.as_ref().map(|cache| cache.profile(schema, operation))
        };
        let planning = worker.run(move || plan_until((&schema, profile), wanted, &limits, warm_up.max_time));
        // What it might panic on is caught one by one; then nothing is warm, which is no reason to refuse a schema.
        let (planned, refused) = planning.await.unwrap_or_default();
        let warmed = Warmed { planned: planned.len(), refused, left: known - planned.len() - refused };
        for (key, operation) in planned {
            self.prepared.insert(key, operation).await;
        }
        warmed
    }
}

/// Plans `wanted` in its order until `max_time` is over; what the schema does not serve is counted.
fn plan_until(
    (schema, profile): (&ServedSchema, impl Fn(&ServedSchema, &PreparedOperation) -> Option<OperationProfile>),
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
        match prepare_guarded(schema, &key, limits) {
            // Half of the count goes along: what was asked for lately weighs more than what was asked for long ago.
            Ok(preparation) => {
                let profile = |operation: &PreparedOperation| profile(schema, operation);
                planned.push(((*key).clone(), Remembered::new(preparation, profile, uses / 2)));
            }
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
