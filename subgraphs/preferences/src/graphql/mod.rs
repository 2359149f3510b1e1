//! The subgraph's schema. Resolvers translate; behaviour lives in `domain`, `command`, `privacy` and `intake`.

mod answer;
mod caller;
mod customer;
mod inputs;
mod mutation;
mod payloads;
mod product;
mod query;
mod request_scope;
mod schema;

pub(crate) use request_scope::ScopedExecutor;
pub use schema::sdl;
pub(crate) use schema::{Services, with_services};
