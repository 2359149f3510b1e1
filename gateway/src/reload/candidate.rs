//! From a schema's text to something that could be served.

use std::{path::PathBuf, sync::Arc};

use super::{Refusal, SchemaText};
use crate::{
    config::{BreakingChange, SubgraphsConfig},
    contract::{BrokenOperation, RecordedOperations},
    schema::{ServedSchema, compose},
    subgraph::{SubgraphTransports, http_transports},
    worker::Worker,
};

/// What a new schema has to pass.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) subgraphs: SubgraphsConfig,
    pub(super) operations: Option<PathBuf>,
    pub(super) on_breaking_change: BreakingChange,
}

/// A schema that has passed, and its transports.
pub(super) struct Candidate {
    pub(super) schema: Arc<ServedSchema>,
    pub(super) transports: SubgraphTransports,
    /// Recorded operations that break with it; none where such a schema is refused.
    pub(super) broken: Vec<BrokenOperation>,
}

/// What is served now.
#[derive(Clone)]
pub(super) struct Before {
    pub(super) schema: Arc<ServedSchema>,
    pub(super) transports: SubgraphTransports,
}

impl Rules {
    /// Composes and checks the first `text`.
    pub(super) async fn judge_first(&self, text: SchemaText, worker: &Worker) -> Result<Candidate, Refusal> {
        let rules = self.clone();
        computed(worker, move || rules.candidate(read(&text)?, None)).await
    }

    /// Composes and checks `text`. `None` when it is what is served already.
    pub(super) async fn judge(
        &self,
        text: SchemaText,
        before: Before,
        worker: &Worker,
    ) -> Result<Option<Candidate>, Refusal> {
        let rules = self.clone();
        let judge = move || {
            let schema = read(&text)?;
            let is_served = schema.version() == before.schema.version();
            if is_served { Ok(None) } else { rules.candidate(schema, Some(&before)).map(Some) }
        };
        computed(worker, judge).await
    }

    /// Tells which recorded operations the first schema does not serve.
    pub(super) fn tell_broken_at_start(&self, broken: &[BrokenOperation]) {
        for operation in broken {
            match self.on_breaking_change {
                BreakingChange::Warn => tracing::warn!(%operation, "a recorded operation is not served by the schema"),
                BreakingChange::Refuse => tracing::error!(
                    %operation,
                    "a recorded operation is not served by the first schema, which is served all the same: there is no \
                     other; from now on `schema.on_breaking_change` refuses what breaks more"
                ),
            }
        }
    }

    /// The recorded operations, where there are any.
    pub(super) async fn operations(&self, worker: &Worker) -> Result<Option<RecordedOperations>, Refusal> {
        let rules = self.clone();
        computed(worker, move || rules.read_operations()).await
    }

    fn candidate(&self, schema: ServedSchema, before: Option<&Before>) -> Result<Candidate, Refusal> {
        let none = SubgraphTransports::default();
        let kept = before.map_or(&none, |before| &before.transports);
        let transports = http_transports(schema.subgraphs(), &self.subgraphs, kept)?;
        let broken = self.check_operations(&schema, before)?;
        Ok(Candidate { schema: Arc::new(schema), transports, broken })
    }

    fn check_operations(
        &self,
        schema: &ServedSchema,
        before: Option<&Before>,
    ) -> Result<Vec<BrokenOperation>, Refusal> {
        let operations = match (self.read_operations(), before) {
            (Ok(None), _) => return Ok(Vec::new()),
            (Ok(Some(operations)), _) => operations,
            (Err(refusal), Some(_)) if self.on_breaking_change == BreakingChange::Warn => {
                tracing::warn!(reason = %refusal, "a new schema is served without looking at recorded operations");
                return Ok(Vec::new());
            }
            (Err(refusal), _) => return Err(refusal),
        };
        let Some(before) = before else {
            // At the start there is nothing else to serve: to refuse it would be to serve nothing.
            return Ok(operations.broken(schema));
        };
        let broken = operations.broken_by_change(&before.schema, schema);
        if broken.is_empty() || self.on_breaking_change == BreakingChange::Warn {
            return Ok(broken);
        }
        Err(Refusal::Operations { broken, count: operations.count() })
    }

    fn read_operations(&self) -> Result<Option<RecordedOperations>, Refusal> {
        Ok(self.operations.as_deref().map(RecordedOperations::read).transpose()?)
    }
}

fn read(text: &SchemaText) -> Result<ServedSchema, Refusal> {
    Ok(match text {
        SchemaText::Supergraph(sdl) => ServedSchema::from_supergraph_sdl(sdl)?,
        SchemaText::Subgraphs(sdls) => ServedSchema::from_supergraph_sdl(&compose(sdls)?)?.with_cache_hints(sdls),
    })
}

/// Runs `work` apart from the threads that answer requests; the libraries below it may panic on what they do not expect.
async fn computed<T: Send + 'static>(
    worker: &Worker,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    worker.run(work).await.unwrap_or(Err(Refusal::Panicked))
}
