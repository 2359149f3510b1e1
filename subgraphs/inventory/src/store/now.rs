//! The clock of the database, which all processes share.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, sea_query::Expr};

use super::StoreError;

/// The SQL expression of the time now, in the form that timestamps are stored in.
pub(super) const fn expression(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "clock_timestamp()",
        _ => "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
    }
}

/// The same as an expression of the query builder.
pub(super) fn now(backend: DbBackend) -> Expr {
    Expr::cust(expression(backend))
}

/// Asks the database for the time.
pub(crate) async fn read(connection: &impl ConnectionTrait) -> Result<DateTime<Utc>, StoreError> {
    let backend = connection.get_database_backend();
    let statement = Statement::from_string(backend, format!("SELECT {} AS now", expression(backend)));
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or(StoreError::Corrupt { table: "clock", reason: "the database gave no time".to_owned() })?;
    Ok(row.try_get("", "now")?)
}
