//! Taking away what has served its time.

use std::time::Duration;

use sea_orm::{
    DbBackend, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Store, StoreError};
use crate::entity::{cart, idempotency, outbox, payment_notice, sale_attempt};

/// How many days published events, given answers and notices of payments are kept.
const RETENTION_DAYS: u32 = 7;
/// How many days a cart is kept that nobody touches.
const CART_DAYS: u32 = 60;
/// How many days it is kept what could not be sold.
const ATTEMPT_DAYS: u32 = 90;
/// Pause between two rounds.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// What a round took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Published events.
    pub events: u64,
    /// Answers under idempotency keys.
    pub answers: u64,
    /// Carts that nobody touched, and those that were ordered.
    pub carts: u64,
}

/// Deletes published events, answers and notices of payments older than seven days, carts older than sixty, and
/// what could not be sold ninety days ago, by the clock of the database.
///
/// # Errors
///
/// When the database fails.
pub async fn prune(store: &Store) -> Result<Pruned, StoreError> {
    let connection = store.writer();
    let limit = || Expr::cust(oldest_kept(connection.get_database_backend(), RETENTION_DAYS));
    let events = outbox::Entity::delete_many()
        .filter(Expr::col(outbox::Column::PublishedAt).lt(limit()))
        .exec(connection)
        .await?;
    let answers = idempotency::Entity::delete_many()
        .filter(Expr::col(idempotency::Column::CreatedAt).lt(limit()))
        .exec(connection)
        .await?;
    payment_notice::Entity::delete_many()
        .filter(Expr::col(payment_notice::Column::ReceivedAt).lt(limit()))
        .exec(connection)
        .await?;
    let untouched = Expr::cust(oldest_kept(connection.get_database_backend(), CART_DAYS));
    let carts =
        cart::Entity::delete_many().filter(Expr::col(cart::Column::UpdatedAt).lt(untouched)).exec(connection).await?;
    let limit = Expr::cust(oldest_kept(connection.get_database_backend(), ATTEMPT_DAYS));
    sale_attempt::Entity::delete_many()
        .filter(Expr::col(sale_attempt::Column::WindowStart).lt(limit))
        .exec(connection)
        .await?;
    let (events, answers, carts) = (events.rows_affected, answers.rows_affected, carts.rows_affected);
    Ok(Pruned { events, answers, carts })
}

/// Prunes now and every hour until `shutdown`.
pub async fn run_pruner(store: Store, shutdown: CancellationToken) {
    let mut rounds = interval(PRUNE_EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        match prune(&store).await {
            Ok(Pruned { events, answers, carts }) => {
                tracing::debug!(events, answers, carts, "old events, answers and carts were deleted");
            }
            Err(error) => tracing::warn!(%error, "old events, answers and carts could not be deleted"),
        }
    }
}

fn oldest_kept(backend: DbBackend, days: u32) -> String {
    match backend {
        DbBackend::Postgres => format!("clock_timestamp() - interval '{days} days'"),
        _ => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-{days} days')"),
    }
}
