//! Serving a subgraph: over HTTP and WebSocket, or in process without a socket.
//!
//! A request passes `decode` (identity, media types, body) → `normalise` → `executor` → `mask` → `respond`; `router` and `websocket`
//! are the two ways in from a socket, [`SubgraphServer::call`] and [`SubgraphServer::stream`] those without.

mod changed;
mod decode;
mod executor;
mod mask;
mod normalise;
mod null_propagation;
mod parts;
mod respond;
mod router;
mod serve;
mod upgrade;
mod websocket;

pub use changed::Changed;
pub use executor::GraphqlExecutor;
pub use null_propagation::NullPropagation;
pub use parts::{Dependencies, Readiness, RunningSubgraph};
pub use serve::SubgraphServer;
