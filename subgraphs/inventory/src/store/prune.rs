//! Taking away what has served its time.

use std::time::Duration;

use sea_orm::{
    DbBackend, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Store, StoreError};
use crate::entity::{idempotency, outbox};

/// How many days published events and given answers are kept.
const RETENTION_DAYS: u32 = 7;
/// Pause between two rounds.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// What a round took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Published events.
    pub events: u64,
    /// Answers under idempotency keys.
    pub answers: u64,
}

/// Deletes published events and answers older than seven days by the clock of the database.
///
/// # Errors
///
/// When the database fails.
pub async fn prune(store: &Store) -> Result<Pruned, StoreError> {
    let connection = store.writer();
    let limit = || Expr::cust(oldest_kept(connection.get_database_backend()));
    let events = outbox::Entity::delete_many()
        .filter(Expr::col(outbox::Column::PublishedAt).lt(limit()))
        .exec(connection)
        .await?;
    let answers = idempotency::Entity::delete_many()
        .filter(Expr::col(idempotency::Column::CreatedAt).lt(limit()))
        .exec(connection)
        .await?;
    Ok(Pruned { events: events.rows_affected, answers: answers.rows_affected })
}

/// Prunes now and every hour until `shutdown`.
pub async fn run_pruner(store: Store, shutdown: CancellationToken) {
    let mut rounds = interval(PRUNE_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        match prune(&store).await {
            Ok(Pruned { events, answers }) => tracing::debug!(events, answers, "old events and answers were deleted"),
            Err(error) => tracing::warn!(%error, "old events and answers could not be deleted"),
        }
    }
}

fn oldest_kept(backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!("clock_timestamp() - interval '{RETENTION_DAYS} days'"),
        _ => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-{RETENTION_DAYS} days')"),
    }
}
