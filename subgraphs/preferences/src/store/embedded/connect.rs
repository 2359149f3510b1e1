//! Connections to the file.

use std::{str::FromStr, time::Duration};

use sea_orm::sqlx::{
    self, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// How long a write waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// SQLite has one writer at a time: a single writing connection queues writers fairly instead of having them collide,
/// while readers go on beside it.
#[derive(Debug, Clone)]
pub(super) struct Pools {
    pub(super) write: SqlitePool,
    pub(super) read: SqlitePool,
}

pub(super) async fn connect(store_url: &str, max_connections: u32) -> Result<Pools, sqlx::Error> {
    let options = SqliteConnectOptions::from_str(store_url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        // What is deleted is overwritten, so that nobody reads it out of the file.
        .pragma("secure_delete", "ON");
    let write = keeping(1).connect_with(options.clone()).await?;
    if store_url.contains(":memory:") || store_url.contains("mode=memory") {
        return Ok(Pools { read: write.clone(), write });
    }
    let read = keeping(max_connections.max(1)).connect_with(options).await?;
    Ok(Pools { write, read })
}

/// A pool that never lets go of its last connection, with which a database in memory would vanish.
fn keeping(max_connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(max_connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
