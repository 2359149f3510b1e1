//! Where an installation's own code takes part in a request.
//!
//! [`Hooks`] has one method per stage; a method that is not written does nothing, and a gateway without hooks does not
//! call any. For what concerns bytes rather than GraphQL there are tower layers, around the whole HTTP service and around
//! the transport to each subgraph: see `GatewayBuilder`. `docs/extending.md` says which to take.

mod chain;
mod refusal;
mod stages;
mod transport;

pub use async_trait::async_trait;
pub use chain::HookChain;
pub use refusal::Refusal;
pub use stages::{Hooks, RequestHead};
