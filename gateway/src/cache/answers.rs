//! The cache as its users see it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use super::{
    EntityEvent, OperationProfile,
    flights::Flights,
    marks::{Marks, Moment, REVISIONS_KEPT},
    piece::{KeyRef, Piece, Question},
    second_level::{Evicted, SecondLevel},
    store::Store,
    tag::{Reading, name_number, number},
    types::TaggedTypes,
    watch::Watchers,
};
use crate::{config::CacheConfig, plan::PreparedOperation, schema::ServedSchema, subgraph::CallerKey};

/// How long after an eviction the memory of what it ended is freed.
const SWEEP_AFTER: Duration = Duration::from_secs(1);

/// Kept answers of subgraphs; cheap to clone.
#[derive(Clone)]
pub struct AnswerCache(pub(super) Arc<Inner>);

/// No lock of `marks` is held while the store is asked: a sweep does it the other way round.
pub(super) struct Inner {
    pub(super) config: CacheConfig,
    pub(super) store: Store,
    pub(super) marks: RwLock<Marks>,
    pub(super) flights: Flights,
    pub(super) second: Option<SecondLevel>,
    pub(super) watchers: Watchers,
    /// Whether only that is kept whose changes are all told by events.
    only_followed: bool,
    /// When the fetches under way began, and how many at each moment.
    under_way: Mutex<BTreeMap<Moment, usize>>,
    sweep_is_due: AtomicBool,
    /// The same for what is remembered for a while, whatever happens.
    late_sweep_is_due: AtomicBool,
}

/// The cache and the types of one schema.
#[derive(Clone)]
pub struct SchemaCache {
    cache: AnswerCache,
    types: Arc<TaggedTypes>,
}

impl SchemaCache {
    /// What the cache needs to know of an operation's fetches.
    #[must_use]
    pub fn profile(&self, schema: &ServedSchema, operation: &PreparedOperation) -> OperationProfile {
        OperationProfile::new(schema, operation, (&self.cache.0.config, &self.types))
    }

    /// The cache.
    #[must_use]
    pub const fn cache(&self) -> &AnswerCache {
        &self.cache
    }
}

impl AnswerCache {
    /// An empty cache.
    #[must_use]
    pub fn new(config: &CacheConfig) -> Self {
        Self::with(config, second_level(config), false)
    }

    /// An empty cache for live queries alone, of which nothing is kept that could change without a word.
    #[must_use]
    pub fn of_followed(config: &CacheConfig) -> Self {
        Self::with(config, None, true)
    }

    fn with(config: &CacheConfig, second: Option<SecondLevel>, only_followed: bool) -> Self {
        Self(Arc::new(Inner {
            config: config.clone(),
            store: Store::new(config.max_bytes),
            marks: RwLock::new(Marks::new(config.max_marks)),
            flights: Flights::default(),
            second,
            watchers: Watchers::default(),
            only_followed,
            under_way: Mutex::default(),
            sweep_is_due: AtomicBool::new(false),
            late_sweep_is_due: AtomicBool::new(false),
        }))
    }

    /// The cache for operations on `schema`.
    #[must_use]
    pub fn for_schema(&self, schema: &ServedSchema) -> SchemaCache {
        let types = Arc::new(TaggedTypes::new(schema.entities(), &self.0.config));
        SchemaCache { cache: self.clone(), types }
    }

    /// Ends every answer that has read the entity. When it returns, none of them is given to anyone.
    pub fn evict(&self, event: &EntityEvent) {
        metrics::counter!("selvedge_cache_evictions_total", "cause" => "event").increment(1);
        self.evict_readings(&[Reading::named_by(event)]);
    }

    /// The same for all that one event of the world has changed: who watches several of them is told once.
    pub fn evict_together(&self, events: &[EntityEvent]) {
        metrics::counter!("selvedge_cache_evictions_total", "cause" => "event").increment(events.len() as u64);
        self.evict_readings(&events.iter().map(Reading::named_by).collect::<Vec<_>>());
    }

    pub(super) fn evict_readings(&self, readings: &[Reading]) {
        if readings.is_empty() {
            return;
        }
        let now = Instant::now();
        {
            let mut marks = self.0.marks.write();
            for reading in readings {
                marks.evict(reading, now);
                self.tell(&marks, Evicted::Reading(reading));
            }
            metrics::gauge!("selvedge_cache_marks").set(as_gauge(marks.len() as u64));
        }
        self.0.watchers.tell(readings);
        self.sweep_soon();
    }

    /// Lets one caller see nothing of a subgraph that was asked for before now.
    pub(super) fn raise_floor(&self, caller: Option<&CallerKey>, subgraph: &str) {
        let number = floor_number(caller, subgraph);
        {
            let mut marks = self.0.marks.write();
            marks.raise_floor(number, Instant::now());
            self.tell(&marks, Evicted::Floor(number));
        }
        self.0.watchers.tell_floor(number);
    }

    /// Tells the second level what was just marked. With the marks still locked, so that it hears in order.
    fn tell(&self, marks: &Marks, evicted: Evicted<'_>) {
        if let Some(second) = &self.0.second {
            second.evict(marks.now(), evicted);
        }
    }

    /// The moment of now, counted in evictions: what is asked for now must not be answered from before it.
    #[must_use]
    pub fn moment(&self) -> u64 {
        self.0.marks.read().now()
    }

    /// Ends everything.
    pub fn evict_all(&self) {
        metrics::counter!("selvedge_cache_evictions_total", "cause" => "all").increment(1);
        {
            let mut marks = self.0.marks.write();
            marks.evict_all();
            self.tell(&marks, Evicted::All);
        }
        self.0.watchers.tell_all();
        self.sweep_soon();
    }

    pub(super) fn follow(&self, types: &[String]) -> Vec<u64> {
        let numbers: Vec<u64> = types.iter().map(|name| name_number(name)).collect();
        let mut marks = self.0.marks.write();
        numbers.iter().for_each(|&ty| marks.follow(ty));
        marks.block(&numbers);
        drop(marks);
        self.0.watchers.tell_types(&numbers);
        numbers
    }

    pub(super) fn block(&self, types: &[u64]) {
        metrics::counter!("selvedge_cache_evictions_total", "cause" => "gap").increment(1);
        self.0.marks.write().block(types);
        self.0.watchers.tell_types(types);
        self.sweep_soon();
    }

    pub(super) fn unblock(&self, types: &[u64]) {
        {
            let mut marks = self.0.marks.write();
            marks.unblock(types, Instant::now());
            types.iter().for_each(|&ty| self.tell(&marks, Evicted::Reading(&Reading::any_of(ty))));
        }
        self.0.watchers.tell_types(types);
        self.sweep_soon();
    }

    /// The piece that is kept for a question, if it is true and this caller may see it.
    pub(super) fn find(&self, key: &KeyRef<'_>, floor: u64) -> Option<Arc<Piece>> {
        let piece = self.0.store.get(key)?;
        let is_old = piece.freshness.until <= Instant::now();
        let (is_true, is_seen) = if is_old { (false, false) } else { self.is_true_for(&piece, floor) };
        if !is_true {
            let why = if is_old { "old" } else { "evicted" };
            metrics::counter!("selvedge_cache_dropped_total", "why" => why).increment(1);
            self.0.store.remove(key, &piece);
        }
        (is_true && is_seen).then_some(piece)
    }

    /// Whether a piece is true, and whether the caller of this floor may see it.
    pub(super) fn is_true_for(&self, piece: &Piece, floor: u64) -> (bool, bool) {
        let marks = self.0.marks.read();
        (marks.is_true(piece.began, &piece.readings), marks.is_above_floor(piece.began, floor))
    }

    pub(super) fn keep(&self, question: &Arc<Question>, representation: &[u8], piece: &Arc<Piece>) {
        self.0.store.insert(KeyRef { question, representation }.to_key(), Arc::clone(piece));
    }

    pub(super) fn measure(&self) {
        metrics::gauge!("selvedge_cache_bytes").set(as_gauge(self.0.store.bytes()));
        metrics::gauge!("selvedge_cache_pieces").set(as_gauge(self.0.store.len() as u64));
    }

    /// Notes that a fetch begins.
    pub(super) fn begin(&self) -> Fetching<'_> {
        Fetching { under_way: &self.0.under_way, began: self.enter() }
    }

    fn enter(&self) -> Moment {
        let mut under_way = self.0.under_way.lock();
        // With the lock held, so that nothing is forgotten between reading the moment and noting it.
        let began = self.0.marks.read().now();
        *under_way.entry(began).or_default() += 1;
        began
    }

    /// Whether an answer that has read this may be kept, as far as that depends on who tells its changes.
    pub(super) fn may_keep(&self, marks: &Marks, readings: &[Reading]) -> bool {
        !self.0.only_followed || marks.are_all_followed(readings)
    }

    /// Lets no eviction from now on be forgotten until what is returned is dropped.
    pub(super) fn pay_attention(&self) -> Attention {
        Attention { cache: self.clone(), began: self.enter() }
    }

    /// Notes that something begins whose answer may be as old as `began`, a moment that is remembered still.
    pub(super) fn begin_at(&self, began: Moment) -> Fetching<'_> {
        *self.0.under_way.lock().entry(began).or_default() += 1;
        Fetching { under_way: &self.0.under_way, began }
    }

    /// Frees the memory of what has ended, some time from now.
    fn sweep_soon(&self) {
        if self.0.sweep_is_due.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::downgrade(&self.0);
        // Without a runtime there is nobody to do it; the next look finds what has ended all the same.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(sweep_later(inner))),
            Err(_) => self.0.sweep_is_due.store(false, Ordering::Release),
        }
    }
}

/// What is configured; a gateway that cannot have it serves without.
fn second_level(config: &CacheConfig) -> Option<SecondLevel> {
    let redis = config.redis.as_ref()?;
    if tokio::runtime::Handle::try_current().is_err() {
        tracing::error!("the second level of the cache needs a runtime, and there is none");
        return None;
    }
    SecondLevel::in_redis(redis, config.max_marks)
        .inspect_err(|error| tracing::error!(%error, "answers are kept in the first level of the cache alone"))
        .ok()
}

async fn sweep_later(inner: Weak<Inner>) {
    tokio::time::sleep(SWEEP_AFTER).await;
    let mut remembers = sweep_now(inner.clone(), |inner| &inner.sweep_is_due).await;
    // What a revision that never comes holds up is not held up for ever, also when nothing more happens.
    while remembers && inner.upgrade().is_some_and(|inner| !inner.late_sweep_is_due.swap(true, Ordering::AcqRel)) {
        tokio::time::sleep(REVISIONS_KEPT).await;
        remembers = sweep_now(inner.clone(), |inner| &inner.late_sweep_is_due).await;
    }
}

/// Whether anything is remembered for a while yet.
async fn sweep_now(inner: Weak<Inner>, is_due: fn(&Inner) -> &AtomicBool) -> bool {
    let sweeping = tokio::task::spawn_blocking(move || {
        let Some(inner) = inner.upgrade() else { return false };
        is_due(&inner).store(false, Ordering::Release);
        inner.sweep();
        inner.marks.read().remembers_entities()
    });
    // Only a shutdown ends it early, and then memory is no concern.
    sweeping.await.unwrap_or_default()
}

impl Inner {
    fn sweep(&self) {
        let begun = self.marks.read().now();
        let now = Instant::now();
        let is_true = |piece: &Piece| self.marks.read().is_true(piece.began, &piece.readings);
        let untrue = self.store.sweep(now, is_true);
        metrics::counter!("selvedge_cache_dropped_total", "why" => "evicted").increment(untrue);
        let under_way = self.under_way.lock();
        let told = self.second.as_ref().map_or(begun, SecondLevel::told);
        let oldest = under_way.keys().next().copied().unwrap_or(begun).min(begun).min(told);
        let mut marks = self.marks.write();
        marks.forget(oldest, now, self.config.max_age());
        metrics::gauge!("selvedge_cache_marks").set(as_gauge(marks.len() as u64));
        metrics::gauge!("selvedge_cache_bytes").set(as_gauge(self.store.bytes()));
        metrics::gauge!("selvedge_cache_pieces").set(as_gauge(self.store.len() as u64));
    }
}

/// A fetch under way; as long as it is, no eviction is forgotten that its answer may be too early for.
pub(super) struct Fetching<'c> {
    under_way: &'c Mutex<BTreeMap<Moment, usize>>,
    pub(super) began: Moment,
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        if let Some(count) = under_way.get_mut(&self.began) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.began);
            }
        }
    }
}

/// As long as it is held, no eviction is forgotten that what is read meanwhile may be too early for.
pub struct Attention {
    cache: AnswerCache,
    began: Moment,
}

impl Drop for Attention {
    fn drop(&mut self) {
        drop(Fetching { under_way: &self.cache.0.under_way, began: self.began });
    }
}

/// A number for what one caller may see of a subgraph. Two with the same number share their floors, which costs
/// fetches alone.
pub(super) fn floor_number(caller: Option<&CallerKey>, subgraph: &str) -> u64 {
    let subject = caller.and_then(|caller| caller.subject.as_deref()).unwrap_or_default();
    number(&[subject.as_bytes(), subgraph.as_bytes()])
}

#[expect(clippy::cast_precision_loss, reason = "a gauge need not be exact beyond 2^53")]
const fn as_gauge(value: u64) -> f64 {
    value as f64
}
