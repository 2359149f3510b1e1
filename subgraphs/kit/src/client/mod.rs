//! Asking another subgraph, as a service with its own identity.

mod query;

pub use query::{ClientError, SubgraphClient};
