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
    pub const fn new(schema: Arc<ServedSchema>, transports: SubgraphTransports) -> Self {
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
