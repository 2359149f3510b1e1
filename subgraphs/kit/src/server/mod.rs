//! Serving a subgraph: over HTTP and WebSocket, or in process without a socket.

mod executor;
mod parts;
mod serve;

pub use executor::GraphqlExecutor;
pub use parts::{Dependencies, Readiness, RunningSubgraph};
pub use serve::SubgraphServer;
