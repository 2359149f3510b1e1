//! Who compares the ledger with levels next, and where; and that sums are made anew.

use sea_orm::{ConnectionTrait, Statement, Value};

use super::sums::SUMS;
use crate::store::{Store, StoreError, now};

/// The name of the row that says how far the ledger was compared.
const CHECK: &str = "ledger_check";

/// Behind which variant the ledger is to be compared, if it is due and nobody else has taken it on; then it is due again
/// after so many seconds, whatever becomes of this.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn claim_check(store: &Store, again_seconds: u32) -> Result<Option<String>, StoreError> {
    let connection = store.writer();
    let backend = connection.get_database_backend();
    let now = now::expression(backend);
    let later = match backend {
        sea_orm::DbBackend::Postgres => format!("clock_timestamp() + interval '{again_seconds} seconds'"),
        _ => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '+{again_seconds} seconds')"),
    };
    let first = "INSERT INTO anomaly_state (name, value) VALUES ($1, '') ON CONFLICT DO NOTHING";
    connection.execute_raw(Statement::from_sql_and_values(backend, first, [CHECK.into()])).await?;
    let claim = format!(
        "UPDATE anomaly_state SET due_at = {later} WHERE name = $1 AND (due_at IS NULL OR due_at <= {now}) RETURNING value"
    );
    let row = connection.query_one_raw(Statement::from_sql_and_values(backend, claim, [CHECK.into()])).await?;
    Ok(row.map(|row| row.try_get("", "value")).transpose()?)
}

/// Notes that the ledger was compared up to this variant; empty for to its end.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn note_check(store: &Store, variant_id: &str) -> Result<(), StoreError> {
    let connection = store.writer();
    let sql = "UPDATE anomaly_state SET value = $2 WHERE name = $1";
    let values: [Value; 2] = [CHECK.into(), variant_id.into()];
    connection.execute_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Has what was added up made anew from the ledger, with the next event.
///
/// # Errors
///
/// When the store fails.
pub(crate) async fn forget_sums(store: &Store) -> Result<(), StoreError> {
    let connection = store.writer();
    let sql = "DELETE FROM anomaly_state WHERE name = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [SUMS.into()]);
    connection.execute_raw(statement).await?;
    Ok(())
}
