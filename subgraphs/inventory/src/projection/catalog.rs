//! The projections that there are.

use futures::{FutureExt, future::BoxFuture};
use sea_orm::DatabaseTransaction;

use crate::{
    error::StoreError,
    store::{
        Store,
        projected::{LOW_STOCK, MOVEMENTS, OrderedEvent, add_levels, add_movements, clear_levels, clear_movements},
    },
};

/// Something that is made of the events of the ledger and can be made anew from them.
///
/// A new one is a table with a column `generation`, an implementation of this, and a line in [`PROJECTIONS`]. Events are
/// given once each, whatever crashes, in the order of (transaction, sequence number); within one level that is not always the
/// order of versions, so that what is kept must be sums or the like.
pub trait Projection: std::fmt::Debug + Send + Sync {
    /// Its name, in the database and for people.
    fn name(&self) -> &'static str;

    /// Takes `events` into the rows of `generation`, within the transaction that also notes how far it is.
    fn take<'a>(
        &'a self,
        transaction: &'a DatabaseTransaction,
        generation: i64,
        events: &'a [OrderedEvent],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Deletes some rows of `generation`; how many. 0 when there are none.
    fn clear<'a>(&'a self, store: &'a Store, generation: i64) -> BoxFuture<'a, Result<u64, StoreError>>;
}

/// Every projection.
pub const PROJECTIONS: [&dyn Projection; 2] = [&LowStock, &Movements];

/// Rows that are deleted at once.
const CLEAR_ROWS: u64 = 2_000;

#[derive(Debug)]
struct LowStock;

impl Projection for LowStock {
    fn name(&self) -> &'static str {
        LOW_STOCK
    }

    fn take<'a>(
        &'a self,
        transaction: &'a DatabaseTransaction,
        generation: i64,
        events: &'a [OrderedEvent],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        add_levels(transaction, generation, events).boxed()
    }

    fn clear<'a>(&'a self, store: &'a Store, generation: i64) -> BoxFuture<'a, Result<u64, StoreError>> {
        clear_levels(store, generation, CLEAR_ROWS).boxed()
    }
}

#[derive(Debug)]
struct Movements;

impl Projection for Movements {
    fn name(&self) -> &'static str {
        MOVEMENTS
    }

    fn take<'a>(
        &'a self,
        transaction: &'a DatabaseTransaction,
        generation: i64,
        events: &'a [OrderedEvent],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        add_movements(transaction, generation, events).boxed()
    }

    fn clear<'a>(&'a self, store: &'a Store, generation: i64) -> BoxFuture<'a, Result<u64, StoreError>> {
        clear_movements(store, generation, CLEAR_ROWS).boxed()
    }
}
