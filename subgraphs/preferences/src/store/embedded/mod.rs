//! The embedded document store: SQLite, one table per collection, each row a JSON document with indexed columns that
//! are generated from it.

mod connect;
mod store;
mod tables;

pub use store::EmbeddedStore;
