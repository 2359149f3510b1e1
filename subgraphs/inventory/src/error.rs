//! Why the store could not do what was asked.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// A failure of the store. It is internal: what a client may read of a refusal is a user error of the command.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The URL names no engine that we have.
    #[error("`{url}` is no database of this subgraph: use sqlite://PATH, sqlite::memory: or postgres://…")]
    UnknownEngine {
        /// The URL up to its first colon.
        url: String,
    },
    /// The database refused or is away.
    #[error("the inventory database failed: {0}")]
    Database(#[from] DbErr),
    /// The schema could not be brought up to date.
    #[error("the inventory database could not be migrated: {source}")]
    Migration {
        /// What the migration said.
        source: DbErr,
    },
    /// Somebody else changed what this transaction had read.
    #[error("a concurrent change of `{what}` got in between")]
    Conflict {
        /// What was changed.
        what: &'static str,
    },
    /// More wait already than can be served soon; nothing was done, and the same request may be sent again.
    #[error("{waiting} requests for the same stock are waiting already")]
    Overloaded {
        /// How many.
        waiting: usize,
    },
    /// The process was told to stop dead here; only tests do.
    #[error("interrupted at {point}")]
    Interrupted {
        /// Where.
        point: String,
    },
    /// A row says something that it never should.
    #[error("`{table}` holds a value that cannot be: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    /// What a write of `what` failed with, where a unique key was looked for before: when somebody else has taken it
    /// since, that is a conflict, and the transaction that runs again finds it taken.
    pub(crate) fn of_unique(what: &'static str, error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Conflict { what },
            _ => error.into(),
        }
    }

    /// Whether the same transaction may succeed when it is run again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Conflict { .. } => true,
            Self::Database(error) => is_transient(error),
            Self::Overloaded { .. }
            | Self::UnknownEngine { .. }
            | Self::Migration { .. }
            | Self::Interrupted { .. }
            | Self::Corrupt { .. } => false,
        }
    }
}

/// PostgreSQL: serialization failure, deadlock, lock not available, a transaction that said nothing for too long.
/// SQLite: busy and locked with their extended codes.
const TRANSIENT_CODES: [&str; 9] = ["40001", "40P01", "55P03", "25P03", "5", "6", "261", "262", "517"];

/// Those of PostgreSQL with which a connection is lost.
const LOST_CODES: [&str; 3] = ["57P01", "57P02", "57P03"];

fn is_transient(error: &DbErr) -> bool {
    // Every transaction here can be run twice, under its idempotency key or because it sets what it finds.
    is_connection_lost(error) || has_code(error, &TRANSIENT_CODES)
}

/// Whether the connection broke, perhaps when what it was used for had been done already.
pub(crate) fn is_connection_lost(error: &DbErr) -> bool {
    matches!(cause_of(error), Some(SqlxError::Io(_))) || has_code(error, &LOST_CODES)
}

fn has_code(error: &DbErr, codes: &[&str]) -> bool {
    let refused = cause_of(error).and_then(SqlxError::as_database_error);
    let code = refused.and_then(|refused| refused.code());
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

fn cause_of(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}
