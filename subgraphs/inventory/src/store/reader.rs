//! Queries outside a transaction, which outlive a connection that breaks.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::transact::{ATTEMPTS_MAX, pause_after};
use crate::error::is_connection_lost;

/// Connections for queries outside a transaction. When the server is started anew, or another one takes its place, every
/// connection of the pool is broken, and whoever gets one next would be told so: a query changes nothing, so it is asked
/// again over another connection. That the server cannot be reached at all is said at once.
#[derive(Debug, Clone)]
pub struct Reader(DatabaseConnection);

impl Reader {
    pub(super) const fn new(connection: DatabaseConnection) -> Self {
        Self(connection)
    }

    /// Which SQL it speaks.
    pub(crate) fn backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    /// The pool itself.
    #[must_use]
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.0
    }
}

/// Whether a query that failed so is asked again, after the pause that is due.
async fn is_asked_again(error: &DbErr, attempt: u32) -> bool {
    let was_asked = !matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_));
    let again = was_asked && attempt < ATTEMPTS_MAX && is_connection_lost(error);
    if again {
        metrics::counter!("inventory_query_retries_total").increment(1);
        tracing::debug!(%error, attempt, "a query is asked again");
        tokio::time::sleep(pause_after(attempt)).await;
    }
    again
}

#[async_trait::async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    /// Done once: it may change something.
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(statement).await
    }

    /// Done once: it may change something.
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut attempt = 1;
        loop {
            match self.0.query_one_raw(statement.clone()).await {
                Err(error) if is_asked_again(&error, attempt).await => attempt += 1,
                result => return result,
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut attempt = 1;
        loop {
            match self.0.query_all_raw(statement.clone()).await {
                Err(error) if is_asked_again(&error, attempt).await => attempt += 1,
                result => return result,
            }
        }
    }
}
