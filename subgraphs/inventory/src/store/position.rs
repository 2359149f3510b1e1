//! How far the ledger has come: what a write answers, and what a read can ask for.

use std::{fmt, str::FromStr};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A place in the ledger behind which a certain write is. Of another database it means nothing.
///
/// Transactions of PostgreSQL commit in another order than they append, so that there a place is a transaction: it is
/// reached by whoever has seen every transaction up to it. SQLite has one writer, and there it is the last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// A transaction of PostgreSQL.
    Transaction(i64),
    /// The sequence number of an event of SQLite.
    Event(i64),
}

/// A text that is no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no position")]
pub struct NoPosition {
    /// The text.
    pub text: String,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(id) => write!(formatter, "t{id:x}"),
            Self::Event(seq) => write!(formatter, "e{seq:x}"),
        }
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let refused = || NoPosition { text: text.chars().take(40).collect() };
        let number = |digits: &str| i64::from_str_radix(digits, 16).ok().filter(|number| *number >= 0);
        match (text.strip_prefix('t'), text.strip_prefix('e')) {
            (Some(digits), _) => number(digits).map(Self::Transaction).ok_or_else(refused),
            (_, Some(digits)) => number(digits).map(Self::Event).ok_or_else(refused),
            _ => Err(refused()),
        }
    }
}

/// The position of what `transaction` has written so far.
pub(crate) async fn of(transaction: &impl ConnectionTrait) -> Result<Position, StoreError> {
    let backend = transaction.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => "SELECT pg_current_xact_id()::text::bigint AS position",
        _ => "SELECT coalesce(max(seq), 0) AS position FROM stock_event",
    };
    let row = transaction.query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt { table: "stock_event", reason: "no position".to_owned() })?;
    let position: i64 = row.try_get("", "position")?;
    Ok(if backend == DbBackend::Postgres { Position::Transaction(position) } else { Position::Event(position) })
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn a_position_can_be_read_back_and_nothing_else_can() {
        for position in [Position::Transaction(0), Position::Event(77), Position::Transaction(i64::MAX)] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for text in ["", "t", "x1", "t-1", "e1g", "t8000000000000000"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
