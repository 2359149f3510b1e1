//! Why a schema is not served.

use super::SourceError;
use crate::{
    contract::{BrokenOperation, RecordedError},
    schema::{CompositionError, SchemaError},
    subgraph::StackError,
};

/// Why what a source says is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The subgraphs do not compose.
    #[error(transparent)]
    Composition(#[from] CompositionError),
    /// The supergraph cannot be planned against.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A subgraph that it names cannot be reached by its address.
    #[error(transparent)]
    Transport(#[from] StackError),
    /// Recorded operations of clients would break, and the configuration says that they must not.
    #[error("{} of {count} recorded operations would break: {}", broken.len(), list(broken))]
    Operations {
        /// Those that would break.
        broken: Vec<BrokenOperation>,
        /// How many are recorded.
        count: usize,
    },
    /// Whether recorded operations would break cannot be found out.
    #[error(transparent)]
    Recorded(#[from] RecordedError),
    /// A library gave up on it.
    #[error("making it ready panicked; the log has the reason")]
    Panicked,
}

impl Refusal {
    /// What it did not pass: `compose`, `serve`, `connect` or `operations`.
    #[must_use]
    pub const fn stage(&self) -> &'static str {
        match self {
            Self::Composition(_) => "compose",
            Self::Schema(_) | Self::Panicked => "serve",
            Self::Transport(_) => "connect",
            Self::Operations { .. } | Self::Recorded(_) => "operations",
        }
    }
}

fn list(broken: &[BrokenOperation]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why a gateway has no schema at its start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The configuration names no source.
    #[error(
        "the gateway has no schema: set `schema.supergraph_file`, `schema.supergraph_url` or `schema.subgraphs` in the \
         configuration"
    )]
    NoSource,
    /// A header cannot be sent.
    #[error("the value of `schema.supergraph_headers.{name}` cannot be sent as a header")]
    NotHeader {
        /// The header's name.
        name: String,
    },
    /// The source says nothing.
    #[error("the schema could not be loaded: {0}")]
    Source(#[from] SourceError),
    /// The source says something that cannot be served.
    #[error("the schema cannot be served: {0}")]
    Refused(#[from] Refusal),
}
