//! Many reservations as one statement (PostgreSQL): read in one round trip, written in one more, which commits by itself.
//!
//! What was read is not locked. The statement checks, under the locks that it takes, that every variant and level still is
//! as it was read and that no key is known; else it changes nothing. So it does not matter how old the state is that was
//! decided on, or who else writes.

mod fold;
mod read;
mod write;

use chrono::{DateTime, Utc};
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, Postgres, pool::PoolConnection},
};

pub(crate) use fold::{Answered, Batch, Sale};
pub(crate) use read::{lock, read};
pub(crate) use write::write;

use super::{Store, StoreError};

/// The statements of a batch, with arrays as parameters, for whoever wants to see how they are planned: they are sent
/// without the query builder, so that no observer of statements hears of them.
pub const STATEMENTS: [&str; 3] = [read::LOCK, read::READ, write::WRITE];

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Written {
    /// All of it is written; it is committed when no transaction is around it.
    Done {
        /// The time of its events.
        now: DateTime<Utc>,
    },
    /// Nothing is written, because these keys were known already.
    Known(Vec<KnownAnswer>),
    /// Nothing is written, because somebody else changed what was decided on.
    Overtaken,
}

/// What was answered under a key before.
#[derive(Debug)]
pub(crate) struct KnownAnswer {
    /// Place in [`Batch::answers`].
    pub(crate) index: usize,
    /// SHA-256 of the request that was answered.
    pub(crate) request_hash: String,
    /// The answer.
    pub(crate) response: serde_json::Value,
}

/// A connection for batches.
///
/// # Errors
///
/// When none can be had in time.
pub(crate) async fn connect(store: &Store) -> Result<PoolConnection<Postgres>, StoreError> {
    store.writer().get_postgres_connection_pool().acquire().await.map_err(failed)
}

pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    StoreError::Database(DbErr::Query(RuntimeErr::SqlxError(error.into())))
}

/// Counts a statement and the time it takes, as the connections of the store do.
fn record(began: tokio::time::Instant, failed: bool) {
    let outcome = if failed { "failed" } else { "done" };
    metrics::counter!("inventory_statements_total", "outcome" => outcome).increment(1);
    metrics::histogram!("inventory_statement_seconds").record(began.elapsed().as_secs_f64());
}
