//! The database: opening it, the ledger, badges, reservations, idempotency, the outbox.

pub mod catalog_read;
mod connect;

pub use connect::{Engine, Store, StoreOptions};
