//! The database: opening it, the ledger, badges, reservations, orders, idempotency, the outbox.

pub mod alerts;
pub mod badges;
pub(crate) mod batch;
pub mod catalog_read;
pub mod channels;
pub mod collections;
mod connect;
pub(crate) mod idempotency;
pub(crate) mod ledger;
pub(crate) mod levels;
pub(crate) mod now;
pub mod orders;
pub mod outbox;
pub(crate) mod position;
pub mod pricing;
pub(crate) mod products;
pub mod projected;
mod prune;
pub mod publications;
mod reader;
pub mod reservations;
pub mod supply;
pub mod taxonomy;
pub(crate) mod transact;
pub(crate) mod verify;
pub mod waitlist;

pub use batch::STATEMENTS as BATCH_STATEMENTS;
pub use connect::{Engine, StatementObserver, Store, StoreOptions};
pub use position::{NoPosition, Position};
pub use prune::{Pruned, prune, run_pruner};
pub use reader::Reader;
pub use verify::{DISCREPANCIES_KEPT, Discrepancy, Verification, verify, verify_with};

pub use crate::error::StoreError;
