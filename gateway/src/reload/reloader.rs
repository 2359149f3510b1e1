//! Looks at a source again and again, and has what it says served.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    LoadError, SchemaSource, SchemaStatus, SchemaText, SourceError,
    candidate::{Before, Candidate, Rules},
    source_of,
    status::seconds,
};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    contract::RecordedOperations,
    execute::Graph,
    pipeline::Pipeline,
    schema::ServedSchema,
    subgraph::SubgraphTransports,
    worker::Worker,
};

/// Between two looks at a source that does not answer yet, at the start.
const START_PAUSE: Duration = Duration::from_millis(200);

/// What a gateway begins with.
#[derive(Clone)]
pub struct Loaded {
    /// The schema to serve.
    pub schema: Arc<ServedSchema>,
    /// How its subgraphs are reached.
    pub transports: SubgraphTransports,
}

/// Follows the source of a gateway's schema: [`Self::load`] once, then [`Self::follow`].
pub struct Reloader {
    source: Box<dyn SchemaSource>,
    rules: Rules,
    is_watched: bool,
    start_timeout: Duration,
    clock: Arc<dyn Clock>,
    status: SchemaStatus,
    /// Refused because of these operations: when they change, it may pass.
    waiting: Option<(SchemaText, Option<RecordedOperations>)>,
}

impl Reloader {
    /// Follows the source that `config` names.
    ///
    /// # Errors
    ///
    /// When it names none, or one that cannot be used.
    pub fn from_config(config: &Config) -> Result<Self, LoadError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let source = source_of(config, &clock)?;
        Ok(Self::new(source, config, clock))
    }

    /// Follows `source`; `config` says how subgraphs are reached, and which operations must not break.
    #[must_use]
    pub fn new(source: Box<dyn SchemaSource>, config: &Config, clock: Arc<dyn Clock>) -> Self {
        let schema = &config.schema;
        let rules = Rules {
            subgraphs: config.subgraphs.clone(),
            operations: schema.operations.clone(),
            on_breaking_change: schema.on_breaking_change,
        };
        let status = SchemaStatus::of(&*source, schema.watch);
        Self {
            source,
            rules,
            is_watched: schema.watch,
            start_timeout: schema.start_timeout(),
            clock,
            status,
            waiting: None,
        }
    }

    /// What is known of the source, now and as long as it is followed.
    #[must_use]
    pub fn status(&self) -> SchemaStatus {
        self.status.clone()
    }

    /// What the source says first. An address that does not answer yet is asked again for `schema.start_timeout_ms`.
    ///
    /// # Errors
    ///
    /// Why there is nothing to serve.
    pub async fn load(&mut self) -> Result<Loaded, LoadError> {
        let text = self.first_text().await?;
        let Candidate { schema, transports, broken } =
            self.rules.judge_first(text, &Worker::start("selvedge-first-schema")).await?;
        self.rules.tell_broken_at_start(&broken);
        self.status.is_first(self.clock.now(), &broken);
        self.tell_loaded();
        Ok(Loaded { schema, transports })
    }

    async fn first_text(&mut self) -> Result<SchemaText, SourceError> {
        let end = Instant::now() + self.start_timeout;
        let mut has_waited = false;
        loop {
            match self.source.look().await {
                Ok(Some(text)) => return Ok(text),
                Ok(None) => {}
                Err(error) if error.is_transient() && Instant::now() + START_PAUSE < end => {
                    if !has_waited {
                        tracing::info!(source = self.source.location(), reason = %error, "waiting for the schema");
                        has_waited = true;
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    /// Has `pipeline` serve what the source says, until `shutdown`.
    pub async fn follow(mut self, pipeline: Pipeline, shutdown: CancellationToken) {
        if !self.is_watched {
            return;
        }
        let following = async {
            loop {
                tokio::time::sleep(self.source.pause()).await;
                self.check(&pipeline).await;
            }
        };
        tokio::select! {
            () = following => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Looks once, and has a change served or refused.
    async fn check(&mut self, pipeline: &Pipeline) {
        match self.source.look().await {
            Ok(Some(text)) => self.take(text, pipeline).await,
            Ok(None) => match self.passes_perhaps(pipeline.worker()).await {
                Some(text) => self.take(text, pipeline).await,
                None => self.status.is_unchanged(self.clock.now()),
            },
            Err(error) => self.status.has_failed(self.clock.now(), &error),
        }
    }

    /// What was refused because of operations that are others now.
    async fn passes_perhaps(&mut self, worker: &Worker) -> Option<SchemaText> {
        let (_, known) = self.waiting.as_ref()?;
        if self.rules.operations(worker).await.ok().flatten() == *known {
            return None;
        }
        self.waiting.take().map(|(text, _)| text)
    }

    async fn take(&mut self, text: SchemaText, pipeline: &Pipeline) {
        let began = Instant::now();
        self.waiting = None;
        let graph = pipeline.graph();
        let before = Before { schema: Arc::clone(graph.schema()), transports: graph.transports().clone() };
        drop(graph);
        match self.rules.judge(text.clone(), before, pipeline.worker()).await {
            Ok(None) => self.status.is_served(self.clock.now(), None),
            Ok(Some(candidate)) => self.serve(candidate, pipeline, began).await,
            Err(refusal) => {
                self.status.is_refused(self.clock.now(), &refusal);
                if refusal.stage() == "operations" {
                    let operations = self.rules.operations(pipeline.worker()).await.ok().flatten();
                    self.waiting = Some((text, operations));
                }
            }
        }
    }

    async fn serve(&mut self, candidate: Candidate, pipeline: &Pipeline, began: Instant) {
        let Candidate { schema, transports, broken } = candidate;
        for operation in &broken {
            tracing::warn!(%operation, "a new schema breaks a recorded operation");
        }
        let version = schema.version().to_owned();
        let warmed = pipeline.replace(Graph::new(schema, transports)).await;
        self.status.is_served(self.clock.now(), Some(&broken));
        self.tell_loaded();
        metrics::counter!("selvedge_schema_reloads_total").increment(1);
        metrics::histogram!("selvedge_schema_reload_duration_seconds").record(began.elapsed());
        tracing::info!(
            version,
            planned = warmed.planned,
            refused = warmed.refused,
            left = warmed.left,
            took_ms = began.elapsed().as_millis(),
            "a new schema is served"
        );
    }

    fn tell_loaded(&self) {
        metrics::gauge!("selvedge_schema_loaded_timestamp_seconds").set(seconds(self.clock.now()));
    }
}
