//! What is served now, and how something else takes its place.

use std::{
    borrow::Borrow,
    cmp::Reverse,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ahash::RandomState;
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
    plan::{Canonical, ConditionVariable, Conditions, Preparation, PreparedOperation, canonical},
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

/// The parts of a key, to look one up without making it.
struct Asked<'a> {
    query: &'a str,
    operation_name: Option<&'a str>,
    conditions: Option<Conditions>,
}

impl Asked<'_> {
    fn to_key(&self) -> PreparedKey {
        PreparedKey {
            query: self.query.to_owned(),
            operation_name: self.operation_name.map(str::to_owned),
            conditions: self.conditions.clone(),
        }
    }
}

/// What is one key whether it owns its parts or not.
trait AsKey {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>);
}

impl AsKey for PreparedKey {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>) {
        (&self.query, self.operation_name.as_deref(), self.conditions.as_ref())
    }
}

impl AsKey for Asked<'_> {
    fn parts(&self) -> (&str, Option<&str>, Option<&Conditions>) {
        (self.query, self.operation_name, self.conditions.as_ref())
    }
}

impl<'a> Borrow<dyn AsKey + Sync + 'a> for PreparedKey {
    fn borrow(&self) -> &(dyn AsKey + Sync + 'a) {
        self
    }
}

impl Hash for dyn AsKey + Sync + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the fields of `PreparedKey` are hashed.
        self.parts().hash(state);
    }
}

impl PartialEq for dyn AsKey + Sync + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn AsKey + Sync + '_ {}

/// A prepared operation, and how often it was asked for.
pub(super) struct Known {
    pub(super) operation: Arc<PreparedOperation>,
    /// What the cache of answers knows of it.
    pub(super) profile: Option<Arc<OperationProfile>>,
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
                let profile = profile(&operation).map(Arc::new);
                Self::Known(Known::new(*operation, profile, uses))
            }
            Preparation::Conditional(variables) => Self::Conditional(variables.into()),
        }
    }

    /// The same in another text, where the variables are defined at these lines and columns.
    fn at(&self, variable_positions: &[(usize, usize)]) -> Self {
        match self {
            Self::Known(known) => {
                let (operation, profile) = (known.operation.at(variable_positions), known.profile.clone());
                Self::Known(Known::new(operation, profile, 0))
            }
            Self::Conditional(variables) => Self::Conditional(Arc::clone(variables)),
        }
    }
}

impl Known {
    fn new(operation: PreparedOperation, profile: Option<Arc<OperationProfile>>, uses: u64) -> Arc<Self> {
        Arc::new(Self { operation: Arc::new(operation), profile, uses: AtomicU64::new(uses) })
    }
}

/// A graph and what was prepared for it; swapped as one, so that no plan outlives its schema.
pub(super) struct Served {
    pub(super) graph: Arc<Graph>,
    /// Since when it is served.
    pub(super) loaded_at: DateTime<Utc>,
    prepared: Cache<PreparedKey, Remembered, RandomState>,
    /// The same by what the text means, so that another text of a known operation is not planned again.
    by_meaning: moka::sync::Cache<Meaning, Remembered, RandomState>,
    cache: Option<SchemaCache>,
}

/// A canonical text, and the values that its selection depends on.
type Meaning = (String, Option<Conditions>);

impl Served {
    pub(super) fn new(
        (graph, loaded_at): (Graph, DateTime<Utc>),
        max_prepared: u64,
        cache: Option<&AnswerCache>,
    ) -> Self {
        let cache = cache.map(|cache| cache.for_schema(graph.schema()));
        let hasher = RandomState::new();
        Self {
            graph: Arc::new(graph),
            loaded_at,
            prepared: Cache::builder().max_capacity(max_prepared).build_with_hasher(hasher.clone()),
            by_meaning: moka::sync::Cache::builder().max_capacity(max_prepared).build_with_hasher(hasher),
            cache,
        }
    }

    /// The operation of a text and a name, prepared now unless it is known; whoever asks at the same time waits for the
    /// same.
    pub(super) async fn prepare(
        &self,
        (query, operation_name): (&str, Option<&str>),
        variables: &Map<String, Value>,
        limits: &Limits,
    ) -> Result<Arc<Known>, Vec<GraphqlError>> {
        let mut asked = Asked { query, operation_name, conditions: None };
        loop {
            match self.remembered(&asked, limits).await? {
                Remembered::Known(known) => {
                    // Only the order of warming depends on it, so a lost race costs nothing.
                    known.uses.fetch_add(1, Ordering::Relaxed);
                    return Ok(known);
                }
                // The key with the values leads to an operation.
                Remembered::Conditional(known) => asked.conditions = Some(Conditions::of(&known, variables)),
            }
        }
    }

    async fn remembered(&self, asked: &Asked<'_>, limits: &Limits) -> Result<Remembered, Vec<GraphqlError>> {
        let by_parts: &(dyn AsKey + Sync) = asked;
        if let Some(remembered) = self.prepared.get(by_parts).await {
            return Ok(remembered);
        }
        let key = asked.to_key();
        let preparing = async { self.prepare_text(&key, limits) };
        self.prepared.try_get_with_by_ref(&key, preparing).await.map_err(Arc::unwrap_or_clone)
    }

    fn prepare_text(&self, key: &PreparedKey, limits: &Limits) -> Result<Remembered, Vec<GraphqlError>> {
        let profile = |operation: &PreparedOperation| {
            self.cache.as_ref().map(|cache| cache.profile(self.graph.schema(), operation))
        };
        let prepare = || Ok(Remembered::new(prepare_guarded(self.graph.schema(), key, limits)?, profile, 0));
        let name = key.operation_name.as_deref();
        let fits = |found: &Canonical<'_>| name.is_none() || found.operation_name == name;
        let Some(Canonical { text, variable_positions, .. }) = canonical(&key.query).filter(fits) else {
            return prepare();
        };
        let meaning = (text, key.conditions.clone());
        if let Some(known) = self.by_meaning.get(&meaning) {
            return Ok(known.at(&variable_positions));
        }
        let remembered = prepare()?;
        self.by_meaning.insert(meaning, remembered.clone());
        Ok(remembered)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_its_parts_are_found_by_each_other() {
        let hasher = RandomState::new();
        for operation_name in [None, Some("a")] {
            let asked = Asked { query: "{ a }", operation_name, conditions: None };
            let key = asked.to_key();
            let parts: &(dyn AsKey + Sync) = &asked;
            let borrowed: &(dyn AsKey + Sync) = key.borrow();
            assert!(borrowed == parts);
            assert_eq!(hasher.hash_one(&key), hasher.hash_one(parts));
        }
    }
}
