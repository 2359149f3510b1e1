//! The subgraph's part of the graph. Resolvers translate; what is recommended is decided in `recommend`.

mod error;
mod feed;
mod loaders;
mod product;
mod query;
mod recommendation;
mod schema;

pub(crate) use schema::build;
pub use schema::sdl;
