//! Operations that are prepared for one schema, kept by their texts and by what these mean.
//!
//! What is kept is bounded by its number and by its weight. Once it is full, an operation that was asked for once takes no
//! place of one that was asked for more often, so that clients which never send the same twice cost nothing but time.

use std::{
    cmp::Reverse,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ahash::RandomState;
use moka::future::Cache;
use serde_json::{Map, Value};

use super::{
    not_planned,
    planning::Planning,
    prepare_guarded,
    prepared_key::{AsKey, Asked, PreparedKey},
    weigh::operation_bytes,
};
use crate::{
    cache::{OperationProfile, SchemaCache},
    error::GraphqlError,
    parse::Limits,
    plan::{Canonical, ConditionVariable, Conditions, Preparation, PreparedOperation, canonical},
    schema::ServedSchema,
};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) max_operations: u64,
    /// Of all together.
    pub(super) max_bytes: u64,
}

impl Room {
    /// A cache that takes half of the room.
    fn cache<K: AsMemory + Hash + Eq + Send + Sync + 'static>(self) -> Cache<K, Remembered, RandomState> {
        let max_bytes = self.max_bytes / 2;
        // Light ones count as much as would leave room for this many, so that both bounds are one.
        let least = max_bytes.checked_div(self.max_operations).unwrap_or(u64::MAX);
        let weigh = move |key: &K, remembered: &Remembered| {
            let bytes = ENTRY_BYTES + key.key_bytes() + remembered.weight_bytes();
            u32::try_from(least.max(bytes as u64)).unwrap_or(u32::MAX)
        };
        let max_bytes = if self.max_operations == 0 { 0 } else { max_bytes };
        Cache::builder().max_capacity(max_bytes).weigher(weigh).build_with_hasher(RandomState::new())
    }
}

/// What the cache needs for an entry apart from key and value: its place in the table, its count, its place in the queue.
const ENTRY_BYTES: usize = 256;

/// A key that is kept.
trait AsMemory {
    /// The bytes that it owns.
    fn key_bytes(&self) -> usize;
}

impl AsMemory for PreparedKey {
    fn key_bytes(&self) -> usize {
        self.query.len() + self.operation_name.as_ref().map_or(0, String::len)
    }
}

/// A prepared operation, and how often it was asked for.
pub(super) struct Known {
    pub(super) operation: Arc<PreparedOperation>,
    /// What the cache of answers knows of it.
    pub(super) profile: Option<Arc<OperationProfile>>,
    uses: AtomicU64,
    /// How much memory it takes, also where it shares it with others: which of them stays longest is not known.
    weight_bytes: usize,
}

/// What is remembered of a key.
#[derive(Clone)]
pub(super) enum Remembered {
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

    fn weight_bytes(&self) -> usize {
        match self {
            Self::Known(known) => known.weight_bytes,
            Self::Conditional(variables) => size_of_val::<[ConditionVariable]>(variables),
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
        let weight_bytes = operation_bytes(&operation, profile.is_some());
        Arc::new(Self { operation: Arc::new(operation), profile, uses: AtomicU64::new(uses), weight_bytes })
    }
}

/// A canonical text, and the values that its selection depends on.
type Meaning = (String, Option<Conditions>);

impl AsMemory for Meaning {
    fn key_bytes(&self) -> usize {
        self.0.capacity()
    }
}

/// Makes what is not known yet; cheap to clone.
#[derive(Clone)]
struct Maker {
    schema: Arc<ServedSchema>,
    cache: Option<SchemaCache>,
}

impl Maker {
    /// Prepares an operation that was asked for `uses` times before.
    fn make(&self, key: &PreparedKey, limits: &Limits, uses: u64) -> Result<Remembered, Vec<GraphqlError>> {
        let preparation = prepare_guarded(&self.schema, key, limits)?;
        let profile =
            |operation: &PreparedOperation| self.cache.as_ref().map(|cache| cache.profile(&self.schema, operation));
        Ok(Remembered::new(preparation, profile, uses))
    }
}

/// What was prepared for a schema.
pub(super) struct PreparedOperations {
    maker: Maker,
    planning: Planning,
    by_text: Cache<PreparedKey, Remembered, RandomState>,
    /// The same by what the text means, so that another text of a known operation is not planned again.
    by_meaning: Cache<Meaning, Remembered, RandomState>,
}

impl PreparedOperations {
    pub(super) fn new(schema: Arc<ServedSchema>, room: Room, cache: Option<SchemaCache>) -> Self {
        let maker = Maker { schema, cache };
        Self { maker, planning: Planning::new(), by_text: room.cache(), by_meaning: room.cache() }
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
        if let Some(remembered) = self.by_text.get(by_parts).await {
            return Ok(remembered);
        }
        let key = asked.to_key();
        let preparing = self.prepare_text(&key, limits);
        self.by_text.try_get_with_by_ref(&key, preparing).await.map_err(Arc::unwrap_or_clone)
    }

    async fn prepare_text(&self, key: &PreparedKey, limits: &Limits) -> Result<Remembered, Vec<GraphqlError>> {
        let name = key.operation_name.as_deref();
        let fits = |found: &Canonical<'_>| name.is_none() || found.operation_name == name;
        let Some(Canonical { text, variable_positions, .. }) = canonical(&key.query).filter(fits) else {
            return self.plan(key, limits).await;
        };
        let meaning = (text, key.conditions.clone());
        let mut is_own = false;
        let planning = async {
            is_own = true;
            self.plan(key, limits).await
        };
        match self.by_meaning.try_get_with(meaning, planning).await {
            Ok(remembered) if is_own => Ok(remembered),
            Ok(remembered) => Ok(remembered.at(&variable_positions)),
            Err(errors) if is_own => Err(Arc::unwrap_or_clone(errors)),
            // What is wrong stands at other places of this text.
            Err(_) => self.plan(key, limits).await,
        }
    }

    /// Prepares an operation that nothing is known of.
    async fn plan(&self, key: &PreparedKey, limits: &Limits) -> Result<Remembered, Vec<GraphqlError>> {
        let (maker, key, limits) = (self.maker.clone(), key.clone(), *limits);
        let planned = self.planning.run(move || maker.make(&key, &limits, 0)).await;
        planned.unwrap_or_else(|| Err(vec![not_planned()]))
    }

    /// Prepares an operation on this thread, which was asked for `uses` times before.
    pub(super) fn plan_here(
        &self,
        key: &PreparedKey,
        limits: &Limits,
        uses: u64,
    ) -> Result<Remembered, Vec<GraphqlError>> {
        self.maker.make(key, limits, uses)
    }

    /// Keeps what was prepared.
    pub(super) async fn keep(&self, key: PreparedKey, remembered: Remembered) {
        self.by_text.insert(key, remembered).await;
    }

    /// What was asked for, the most used first.
    pub(super) fn in_use(&self) -> Vec<(Arc<PreparedKey>, u64)> {
        let uses = |remembered: Remembered| match remembered {
            Remembered::Known(known) => Some(known.uses.load(Ordering::Relaxed)),
            // It is found out again when it is asked for.
            Remembered::Conditional(_) => None,
        };
        let mut in_use: Vec<_> =
            self.by_text.iter().filter_map(|(key, remembered)| Some((key, uses(remembered)?))).collect();
        in_use.sort_by_key(|(_, uses)| Reverse(*uses));
        in_use
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::schema::{SubgraphSdl, compose};

    const SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\"])
        type Query { things: [Thing] } type Thing @key(fields: \"id\") { id: ID! name(upper: Boolean): String }";

    fn operations(room: Room) -> PreparedOperations {
        let subgraph = SubgraphSdl { name: "a".to_owned(), url: "http://a".to_owned(), sdl: SDL.to_owned() };
        let schema = ServedSchema::from_supergraph_sdl(&compose(&[subgraph]).unwrap()).unwrap();
        PreparedOperations::new(Arc::new(schema), room, None)
    }

    async fn prepare(operations: &PreparedOperations, query: &str) -> Arc<Known> {
        operations.prepare((query, None), &Map::new(), &Limits::default()).await.unwrap()
    }

    async fn settle(operations: &PreparedOperations) {
        operations.by_text.run_pending_tasks().await;
        operations.by_meaning.run_pending_tasks().await;
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_by_its_weight_and_keeps_what_is_asked_for_again() {
        let room = Room { max_operations: 1_000_000, max_bytes: 1024 * 1024 };
        let operations = operations(room);
        let hot = "{ things { id name } }";
        let known = prepare(&operations, hot).await;
        assert!((1_000..20_000).contains(&known.weight_bytes), "{}", known.weight_bytes);
        for number in 0..1_000 {
            prepare(&operations, &format!("{{ things {{ id n{number}: name }} }}")).await;
            prepare(&operations, hot).await;
        }
        settle(&operations).await;
        for (kept, entries) in [
            (operations.by_text.weighted_size(), operations.by_text.entry_count()),
            (operations.by_meaning.weighted_size(), operations.by_meaning.entry_count()),
        ] {
            assert!(kept <= room.max_bytes / 2, "{kept}");
            assert!((20..600).contains(&entries), "{entries}");
        }
        assert!(Arc::ptr_eq(&known, &prepare(&operations, hot).await), "it was not prepared again");
    }

    #[tokio::test]
    async fn texts_of_one_meaning_that_come_together_are_planned_once() {
        let operations = operations(Room { max_operations: 100, max_bytes: 1 << 30 });
        let texts: Vec<String> = (0..20).map(|number| format!("query N{number} {{ things {{ id }} }}")).collect();
        let known = join_all(texts.iter().map(|text| prepare(&operations, text))).await;
        let plans: Vec<_> = known.iter().map(|known| std::ptr::from_ref(known.operation.plan())).collect();
        assert!(plans.iter().all(|plan| *plan == plans[0]));
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_with_its_places_in_each_text() {
        let operations = operations(Room { max_operations: 100, max_bytes: 1 << 30 });
        let (variables, limits) = (Map::new(), Limits::default());
        let place = async |text: &str| {
            let errors = operations.prepare((text, None), &variables, &limits).await.err().unwrap();
            (errors[0].locations[0].line, errors[0].locations[0].column)
        };
        let places = futures::join!(place("{ things { nope } }"), place("{\n things { nope } }"));
        assert_eq!(places, ((1, 12), (2, 11)));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_by_its_number() {
        let operations = operations(Room { max_operations: 10, max_bytes: 1 << 30 });
        for number in 0..100 {
            prepare(&operations, &format!("{{ things {{ n{number}: name }} }}")).await;
        }
        settle(&operations).await;
        assert_eq!((operations.by_text.entry_count(), operations.by_meaning.entry_count()), (10, 10));
        let operations = self::operations(Room { max_operations: 0, max_bytes: 1 << 30 });
        prepare(&operations, "{ things { id } }").await;
        settle(&operations).await;
        assert_eq!(operations.by_text.entry_count(), 0);
    }

    #[tokio::test]
    async fn larger_operations_weigh_more() {
        let operations = operations(Room { max_operations: 10, max_bytes: 1 << 30 });
        let small = prepare(&operations, "{ things { id } }").await.weight_bytes;
        let fields: String = (0..100).map(|number| format!("n{number}: name ")).collect();
        let large = prepare(&operations, &format!("{{ things {{ {fields} }} }}")).await.weight_bytes;
        assert!(large > small + 100 * 200, "{small} and {large}");
    }
}
