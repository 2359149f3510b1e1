//! What the cache knows of a fetch before it is asked for: once per plan.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use super::{
    hint::Hint,
    selection::{Compiler, Nodes, Said},
    types::TaggedTypes,
};
use crate::{
    config::{CacheConfig, CacheScope},
    plan::{Fetch, Plan, PreparedOperation, Target},
    schema::{EntityTypes, ServedSchema},
};

/// For whom the answers to a fetch have been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learned {
    /// Nobody has asked yet.
    Unknown,
    /// For everyone.
    Public,
    /// For the caller alone. It stays so: whatever was private once is never shared again.
    Own,
    /// They are not kept.
    Nothing,
}

/// A list in an answer: one item for each representation.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) wire: Box<str>,
    pub(super) node: usize,
}

/// What a fetch is known by, in every plan and schema.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FetchName {
    pub(super) subgraph: String,
    pub(super) operation: String,
}

/// One fetch of a plan.
#[derive(Debug)]
pub struct FetchProfile {
    pub(super) name: Arc<FetchName>,
    pub(super) nodes: Nodes,
    pub(super) types: Arc<TaggedTypes>,
    /// For each batch, the lists that answer it; for a fetch of root fields there is none.
    pub(super) batches: Vec<Vec<Output>>,
    said: Said,
    /// None of its answers is kept longer.
    max_age: Duration,
    implicit_scope: CacheScope,
    learned: AtomicU8,
}

/// All fetches of an operation; where there is none, it is not understood or not to be kept.
#[derive(Debug, Default)]
pub struct OperationProfile {
    steps: Vec<Option<Arc<FetchProfile>>>,
}

impl OperationProfile {
    /// The fetch of a step.
    #[must_use]
    pub fn step(&self, index: usize) -> Option<&Arc<FetchProfile>> {
        self.steps.get(index)?.as_ref()
    }

    pub(super) fn new(
        schema: &ServedSchema,
        operation: &PreparedOperation,
        (config, types): (&CacheConfig, &Arc<TaggedTypes>),
    ) -> Self {
        let Plan { steps, .. } = operation.plan();
        let profile = |fetch| FetchProfile::new(schema, fetch, (config, types)).map(Arc::new);
        Self { steps: steps.iter().map(|step| profile(&step.fetch)).collect() }
    }
}

impl FetchProfile {
    fn new(schema: &ServedSchema, fetch: &Fetch, (config, types): (&CacheConfig, &Arc<TaggedTypes>)) -> Option<Self> {
        let own = config.subgraphs.get(&*fetch.subgraph).cloned().unwrap_or_default();
        let entity_max_age_s = own.entity_max_age_s.unwrap_or(config.entity_max_age_s);
        let root = root_of(schema, fetch);
        let entities: &EntityTypes = schema.entities();
        let (nodes, said) =
            Compiler::new((entities, types), &fetch.subgraph, entity_max_age_s).compile(&fetch.operation, root)?;
        let batches = match &fetch.target {
            Target::Entities(batches) => batches.iter().map(|batch| outputs(batch, &nodes)).collect::<Option<_>>()?,
            Target::Root | Target::At(_) => Vec::new(),
        };
        let is_kept = own.enabled != Some(false) && fetch.kind == crate::operation::OperationKind::Query;
        let capped = own.max_age_s.map_or(config.max_age(), Duration::from_secs).min(config.max_age());
        let said = match (said.says, batches.is_empty()) {
            (true, _) => said,
            (false, true) => Said::default(),
            (false, false) => Said { max_age_s: Some(entity_max_age_s), ..Said::default() },
        };
        Some(Self {
            name: Arc::new(FetchName { subgraph: fetch.subgraph.to_string(), operation: fetch.operation.clone() }),
            nodes,
            types: Arc::clone(types),
            batches,
            said,
            max_age: if is_kept { capped } else { Duration::ZERO },
            implicit_scope: own.implicit_scope.unwrap_or(config.implicit_scope),
            learned: AtomicU8::new(0),
        })
    }

    /// Whether its answers may be kept at all.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.max_age.is_zero()
    }

    /// The longest that any of its answers is kept.
    pub(super) const fn max_age(&self) -> Duration {
        self.max_age
    }

    /// For how long an answer with this hint is kept, for whom, and whether anyone has said for whom.
    pub(super) fn judge(&self, hint: &Hint) -> (Duration, CacheScope, bool) {
        let said = || self.said.max_age_s.map(Duration::from_secs);
        let max_age = hint.max_age.or_else(said).unwrap_or_default().min(self.max_age);
        let left = if hint.no_store { Duration::ZERO } else { max_age.saturating_sub(hint.age) };
        let explicit = match (hint.scope, self.said.is_private) {
            (Some(CacheScope::Private), _) | (_, Some(true)) => Some(CacheScope::Private),
            // Kept for each caller, and for those without identity together.
            _ if hint.varies => return (left, CacheScope::Private, false),
            (Some(CacheScope::Public), _) | (None, Some(false)) => Some(CacheScope::Public),
            (None, None) => None,
        };
        (left, explicit.unwrap_or(self.implicit_scope), explicit.is_some())
    }

    pub(super) fn learned(&self) -> Learned {
        match self.learned.load(Ordering::Relaxed) {
            1 => Learned::Public,
            2 => Learned::Own,
            3 => Learned::Nothing,
            _ => Learned::Unknown,
        }
    }

    pub(super) fn learn(&self, what: Learned) {
        let number = match what {
            Learned::Unknown => return,
            Learned::Public => 1,
            Learned::Own => 2,
            Learned::Nothing => 3,
        };
        // What is private stays so.
        let _ = self.learned.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |known| (known != 2).then_some(number));
    }
}

fn outputs(batch: &crate::plan::Batch, nodes: &Nodes) -> Option<Vec<Output>> {
    let output = |wire: &str| Some(Output { wire: wire.into(), node: nodes.below(0, wire)? });
    batch.outputs.iter().map(|it| output(&it.wire)).collect()
}

fn root_of<'s>(schema: &'s ServedSchema, fetch: &Fetch) -> &'s str {
    match fetch.kind {
        crate::operation::OperationKind::Mutation => schema.api().mutation_type.as_deref().unwrap_or("Mutation"),
        _ => &schema.api().query_type,
    }
}
