//! The stages of an operation in order: prepare (parse, validate, plan; remembered) → execute, or subscribe.

mod connection;
mod extension;
mod hooked;
mod in_parts;
mod live;
mod outcome;
mod planning;
mod prepared;
mod prepared_key;
mod served;
mod share;
mod streams;
mod weigh;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
pub use extension::{Extension, SubgraphLayer};
use futures::FutureExt;
pub use hooked::NotRun;
pub use in_parts::InParts;
use outcome::{add_debug, internal_error, record, timed_out};
use prepared::{Known, Room};
use prepared_key::PreparedKey;
use served::Served;
pub use served::{WarmUp, Warmed};
use share::{Change, Sharing};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    authenticate::{Authenticator, IdentitySigner},
    cache::{AnswerCache, EntityEvents, Reads},
    clock::Clock,
    config::{Config, LimitsConfig},
    error::{GraphqlError, GraphqlResponse, code},
    execute::{ExecuteContext, Graph, KeptAnswers, execute},
    operation::OperationKind,
    plan::{Limits, Preparation, prepare_for, prepare_text},
    request::GraphqlRequest,
    schema::ServedSchema,
    subgraph::{CallContext, passes_cookies},
    subscribe::{Caller, Hub, Limits as LiveLimits, LiveEvents, LiveQueries},
    worker::Worker,
};

/// What the executor gets beyond its deadline to put a partial answer together.
const EXECUTION_GRACE: Duration = Duration::from_secs(1);

/// An operation that is ready to run, with the graph that it was planned for.
#[derive(Clone)]
pub struct Prepared {
    graph: Arc<Graph>,
    known: Arc<Known>,
}

impl Prepared {
    /// Whether it reads, changes or subscribes.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        self.known.operation.kind()
    }
}

struct Parts {
    served: ArcSwap<Served>,
    /// Held while something else is made ready, so that what comes later is served later.
    replacing: Mutex<()>,
    replaced_in_use: Arc<AtomicUsize>,
    /// Plans for a new schema, and frees an old one.
    worker: Worker,
    clock: Arc<dyn Clock>,
    authenticator: Authenticator,
    signer: IdentitySigner,
    hub: Hub,
    live_limits: LiveLimits,
    /// Absent where nothing is served live.
    live_queries: Option<LiveQueries>,
    /// Absent where neither answers are kept nor queries alive.
    cache: Option<AnswerCache>,
    /// Whether queries that are not live are answered from it.
    keeps_answers: bool,
    limits: Limits,
    room: Room,
    warm_up: WarmUp,
    /// Absent when every request is run for itself.
    sharing: Option<Sharing>,
    request_timeout: Duration,
    extension: Extension,
}

/// Runs operations; cheap to clone.
#[derive(Clone)]
pub struct Pipeline(Arc<Parts>);

impl Pipeline {
    /// A pipeline over `graph`.
    #[must_use]
    pub fn new(config: &Config, graph: &Graph, extension: Extension, clock: &Arc<dyn Clock>) -> Self {
        let signer = IdentitySigner::new(&config.identity, Arc::clone(clock));
        let subscriptions = Arc::new(config.subscriptions.clone());
        let live_limits = LiveLimits::new(&subscriptions);
        let hub = Hub::new(signer.clone(), Arc::clone(&subscriptions), live_limits.clone());
        // A gateway that can neither verify a token nor pass an identity on leaves tokens to the subgraphs.
        let authenticator = if config.knows_callers() {
            Authenticator::new(&config.jwt, Arc::clone(clock))
        } else {
            Authenticator::absent(Arc::clone(clock))
        };
        let LimitsConfig { max_prepared_operations: max_operations, max_prepared_bytes: max_bytes, .. } = config.limits;
        let room = Room { max_operations, max_bytes };
        let cache = cache(config);
        let live_queries = cache.clone().filter(|_| subscriptions.enabled);
        let live_queries = live_queries.map(|cache| LiveQueries::new(cache, subscriptions));
        let graph = extend(graph, &extension);
        let served = Served::new((graph, clock.now()), room, cache.as_ref());
        Self(Arc::new(Parts {
            served: ArcSwap::from_pointee(served),
            replacing: Mutex::new(()),
            replaced_in_use: Arc::default(),
            worker: Worker::start("selvedge-schema"),
            clock: Arc::clone(clock),
            authenticator,
            signer,
            hub,
            live_limits,
            live_queries,
            cache,
            keeps_answers: config.cache.is_enabled(),
            limits: limits(config),
            room,
            warm_up: WarmUp {
                max_operations: config.schema.max_warmed_operations,
                max_time: config.schema.warm_timeout(),
            },
            sharing: sharing(config),
            request_timeout: config.server.request_timeout(),
            extension,
        }))
    }

    /// The schema that is served now.
    #[must_use]
    pub fn schema(&self) -> Arc<ServedSchema> {
        Arc::clone(self.graph().schema())
    }

    /// The schema that is served now, and how its subgraphs are reached.
    #[must_use]
    pub fn graph(&self) -> Arc<Graph> {
        Arc::clone(&self.0.served.load().graph)
    }

    /// Since when it is served.
    #[must_use]
    pub fn loaded_at(&self) -> DateTime<Utc> {
        self.0.served.load().loaded_at
    }

    /// How many of those that were served before something under way still runs on.
    #[must_use]
    pub fn replaced_in_use(&self) -> usize {
        self.0.replaced_in_use.load(Ordering::Relaxed)
    }

    /// Where what is to be served next is made ready.
    #[must_use]
    pub fn worker(&self) -> &Worker {
        &self.0.worker
    }

    /// Verifies the tokens of clients.
    #[must_use]
    pub fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    /// The way for events about entities into the cache of answers.
    #[must_use]
    pub fn entity_events(&self) -> EntityEvents {
        EntityEvents::into_cache(self.0.cache.clone())
    }

    /// How many clients may listen, and to how much.
    #[must_use]
    pub fn live_limits(&self) -> &LiveLimits {
        &self.0.live_limits
    }

    /// Where events come in that feed subscription fields.
    #[must_use]
    pub fn live_events(&self) -> LiveEvents {
        self.0.hub.events()
    }

    /// The live queries that are open.
    #[must_use]
    pub fn live_queries(&self) -> Option<&LiveQueries> {
        self.0.live_queries.as_ref()
    }

    /// The open streams.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// Serves `schema` from now on, by the transports of now; as [`Self::replace`].
    pub async fn replace_schema(&self, schema: Arc<ServedSchema>) -> Warmed {
        let transports = self.graph().transports().clone();
        self.replace(Graph::new(schema, transports)).await
    }

    /// Serves `graph` from now on, once what is asked most often is planned for it. Operations under way finish on what
    /// was served before; open streams go on with it, unless it does not serve their operations.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves what was served before in its place.
    pub async fn replace(&self, graph: Graph) -> Warmed {
        let _one_at_a_time = self.0.replacing.lock().await;
        let before = self.0.served.load_full();
        let graph = extend(&graph, &self.0.extension);
        let mut next = Served::new((graph, before.loaded_at), self.0.room, self.0.cache.as_ref());
        let warmed = next.warm(&before, (self.0.limits, self.0.warm_up), &self.0.worker).await;
        next.loaded_at = self.0.clock.now();
        self.0.served.store(Arc::new(next));
        served::retire(before, Arc::clone(&self.0.replaced_in_use), self.0.worker.clone());
        self.move_streams().await;
        warmed
    }

    /// Parses, validates and plans `request`, or finds it done already.
    ///
    /// # Errors
    ///
    /// What to tell the client when its document is not valid.
    pub async fn prepare(&self, request: &GraphqlRequest) -> Result<Prepared, Vec<GraphqlError>> {
        let served = self.0.served.load_full();
        let asked = (request.query.as_str(), request.operation_name.as_deref());
        let known = served.prepare(asked, &request.variables, &self.0.limits).await?;
        Ok(Prepared { graph: Arc::clone(&served.graph), known })
    }

    /// Runs a query or mutation, or shares the response of an identical query under way where that is switched on;
    /// `debug` adds the plan and the number of subgraph requests.
    ///
    /// # Cancellation
    ///
    /// Dropping the future abandons the subgraph requests under way that nobody else waits for.
    pub async fn execute(
        &self,
        prepared: &Prepared,
        request: GraphqlRequest,
        caller: &Caller,
        debug: bool,
    ) -> GraphqlResponse {
        let mut response = self.execute_or_share(prepared, request, caller, debug).await;
        self.0.extension.hooks.on_response(&mut response, caller).await;
        response
    }

    async fn execute_or_share(
        &self,
        prepared: &Prepared,
        request: GraphqlRequest,
        caller: &Caller,
        debug: bool,
    ) -> GraphqlResponse {
        match &self.0.sharing {
            Some(sharing) if prepared.kind() == OperationKind::Query && !debug => {
                let variables = request.variables.clone();
                let (pipeline, owned, of) = (self.clone(), prepared.clone(), caller.clone());
                let run = move || async move { pipeline.run_alone(&owned, request, (&of, debug), None).await };
                let moment = self.0.cache.as_ref().map(AnswerCache::moment).unwrap_or_default();
                sharing.share((prepared, &variables, caller), moment, run).await
            }
            _ => {
                let _until_it_ends = self.change(prepared.kind());
                self.run_alone(prepared, request, (caller, debug), None).await
            }
        }
    }

    /// Keeps queries that come after a mutation from joining those before it; until it is dropped the mutation runs.
    fn change(&self, kind: OperationKind) -> Option<Change<'_>> {
        self.0.sharing.as_ref().filter(|_| kind == OperationKind::Mutation).map(Sharing::change)
    }

    /// For whom subgraphs are asked, and until when.
    fn call_context(&self, caller: &Caller, deadline: Instant) -> Arc<CallContext> {
        Arc::new(caller.call_context(&self.0.signer).until(deadline))
    }

    async fn run_alone(
        &self,
        prepared: &Prepared,
        request: GraphqlRequest,
        (caller, debug): (&Caller, bool),
        reads: Option<&Reads>,
    ) -> GraphqlResponse {
        let started = Instant::now();
        let timeout = self.0.request_timeout;
        let deadline = started + timeout;
        let call = self.call_context(caller, deadline);
        let kept = self.kept(prepared, reads.is_some());
        let transports = prepared.graph.transports();
        let context = ExecuteContext { transports, call, deadline, kept, reads, hints: self.hints() };
        let running = execute(prepared.graph.schema(), &prepared.known.operation, request.variables, &context);
        let running = tokio::time::timeout(timeout + EXECUTION_GRACE, running);
        let mut response = match AssertUnwindSafe(running).catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(_elapsed)) => timed_out(timeout),
            Err(_panic) => internal_error(caller.correlation.as_str()),
        };
        response.headers = context.call.client_headers.take();
        record(prepared.kind(), &response, started);
        if debug {
            add_debug(&mut response, prepared);
        }
        response
    }

    /// Whether errors may suggest names of the schema: who may not read it is not told its names either.
    fn hints(&self) -> bool {
        self.0.limits.introspection
    }

    /// Where answers to the operation are kept. What mutations change is noted there, be other answers kept or not.
    fn kept<'p>(&'p self, prepared: &'p Prepared, is_live: bool) -> Option<KeptAnswers<'p>> {
        let is_heard = self.0.keeps_answers || is_live || prepared.kind() == OperationKind::Mutation;
        let kept = self.0.cache.as_ref().zip(prepared.known.profile.as_ref()).filter(|_| is_heard);
        kept.map(|(cache, profile)| KeptAnswers { cache, profile })
    }
}

/// What answers are kept in, if that is configured; else what live queries are told by.
fn cache(config: &Config) -> Option<AnswerCache> {
    if config.cache.is_enabled() {
        return Some(AnswerCache::new(&config.cache));
    }
    config.subscriptions.enabled.then(|| AnswerCache::of_followed(&config.cache))
}

fn extend(graph: &Graph, extension: &Extension) -> Graph {
    Graph::new(Arc::clone(graph.schema()), extension.around(graph.transports().clone()))
}

/// Responses are shared where that is switched on, unless they may set cookies: those are one client's own.
fn sharing(config: &Config) -> Option<Sharing> {
    // A wrong rule has been refused before.
    let is_safe = !passes_cookies(&config.subgraphs).unwrap_or(true);
    (config.traffic.deduplicate_requests && is_safe).then(Sharing::default)
}

fn limits(config: &Config) -> Limits {
    Limits {
        max_tokens: config.limits.max_tokens,
        max_depth: config.limits.max_depth,
        max_fields: config.limits.max_fields,
        max_aliases: config.limits.max_aliases,
        max_root_fields: config.limits.max_root_fields,
        max_deferred_parts: config.limits.max_deferred_parts,
        introspection: config.introspection_enabled(),
    }
}

/// The planner is not ours and may panic on what it does not expect; that costs the one request alone.
fn prepare_guarded(
    schema: &ServedSchema,
    key: &PreparedKey,
    limits: &Limits,
) -> Result<Preparation, Vec<GraphqlError>> {
    let name = key.operation_name.as_deref();
    let preparing = || match &key.conditions {
        None => prepare_text(schema, &key.query, name, limits),
        Some(conditions) => prepare_for(schema, (&key.query, name), conditions, limits)
            .map(|operation| Preparation::Planned(Box::new(operation))),
    };
    std::panic::catch_unwind(AssertUnwindSafe(preparing)).unwrap_or_else(|_panic| {
        tracing::error!(operation_name = key.operation_name, "planning panicked");
        Err(vec![not_planned()])
    })
}

fn not_planned() -> GraphqlError {
    GraphqlError::new(code::INTERNAL_SERVER_ERROR, "the operation could not be planned")
}
