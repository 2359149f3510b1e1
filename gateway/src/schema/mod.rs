//! The schema that is served: composed from subgraphs or loaded, and what clients see of it.
mod compose;
mod served;

pub use compose::{ComposeError as CompositionError, SubgraphSdl, compose};
pub use served::{SchemaError, ServedSchema};
