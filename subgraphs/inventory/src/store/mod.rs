//! The database: opening it, the ledger, badges, reservations, idempotency, the outbox.

mod connect;

pub use connect::{Engine, Store, StoreOptions};
