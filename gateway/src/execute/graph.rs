//! What a plan runs on.

use std::sync::Arc;

use crate::{schema::ServedSchema, subgraph::SubgraphTransports};

/// A schema and how its subgraphs are reached: what is swapped as one, so that a plan never meets the transports of
/// another schema. Whatever runs on it shares it, and the last to end lets it go.
pub struct Graph {
    schema: Arc<ServedSchema>,
    transports: SubgraphTransports,
}

impl Graph {
    /// `schema`, whose subgraphs are reached by `transports`.
    #[must_use]
    pub fn new(schema: Arc<ServedSchema>, transports: SubgraphTransports) -> Self {
        metrics::gauge!("selvedge_schema_generations").increment(1.0);
        Self { schema, transports }
    }

    /// What is planned against.
    #[must_use]
    pub const fn schema(&self) -> &Arc<ServedSchema> {
        &self.schema
    }

    /// How its subgraphs are reached.
    #[must_use]
    pub const fn transports(&self) -> &SubgraphTransports {
        &self.transports
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        metrics::gauge!("selvedge_schema_generations").decrement(1.0);
    }
}
