//! The API: thin resolvers over `store`, `command` and `projection`.

pub mod access;
mod catalog_query;
mod channels;
mod entities;
mod error;
mod fed_by;
mod limits;
mod loaders;
mod mutation;
mod projected;
mod query;
mod schema;
mod subscription;
mod types;

pub use schema::{InventoryExecutor, Parts, sdl};
