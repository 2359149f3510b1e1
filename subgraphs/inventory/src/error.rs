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
            Self::Database(error) => may_be_run_again(error),
            Self::Overloaded { .. }
            | Self::UnknownEngine { .. }
            | Self::Migration { .. }
            | Self::Interrupted { .. }
            | Self::Corrupt { .. } => false,
        }
    }
}

/// PostgreSQL: serialization failure, deadlock, lock not available, a transaction that said nothing for too long, server going
/// down or coming up. SQLite: busy and locked with their extended codes.
const TRANSIENT_CODES: [&str; 12] =
    ["40001", "40P01", "55P03", "25P03", "57P01", "57P02", "57P03", "5", "6", "261", "262", "517"];

/// Whether the same statement or transaction may succeed when it is run again.
pub(crate) fn may_be_run_again(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return false;
    };
    // A connection that broke, perhaps at commit: every transaction here can be run twice, under its idempotency key or
    // because it sets what it finds.
    if matches!(**cause, SqlxError::Io(_)) {
        return true;
    }
    cause.as_database_error().and_then(|e| e.code()).is_some_and(|code| TRANSIENT_CODES.contains(&code.as_ref()))
}
