//! How far a generation of a projection is.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use crate::{
    error::StoreError,
    store::{Position, Store, now},
};

/// How far one generation of a projection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Checkpoint {
    /// Which one.
    pub generation: i64,
    /// Transaction of the last event that was taken in; 0 on SQLite.
    pub txid: i64,
    /// Its sequence number.
    pub seq: i64,
    /// Every transaction before this one was taken in.
    pub horizon: i64,
}

/// How far a projection is behind the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// Events that were not taken in; counted to 10,000.
    pub events: i64,
    /// Seconds since the first of them happened.
    pub seconds: f64,
}

fn statement(backend: DbBackend, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(backend, sql, values)
}

/// Makes sure that `name` has a generation that is served: the first one, from the first event on.
///
/// # Errors
///
/// When the store fails.
pub async fn ensure_serving(store: &Store, name: &str) -> Result<(), StoreError> {
    if serving(store, name).await?.is_some() {
        return Ok(());
    }
    insert(store, name, 1, true).await
}

async fn insert(store: &Store, name: &str, generation: i64, serving: bool) -> Result<(), StoreError> {
    let connection = store.writer();
    let backend = connection.get_database_backend();
    // Another process may be faster; a later generation may be served already.
    let sql = format!(
        "INSERT INTO projection (name, generation, serving, txid, seq, horizon, updated_at)
         SELECT $1, $2, $3, 0, 0, 0, {} WHERE NOT $3
         OR NOT EXISTS (SELECT 1 FROM projection WHERE name = $1 AND serving) ON CONFLICT DO NOTHING",
        now::expression(backend)
    );
    connection.execute_raw(statement(backend, &sql, [name.into(), generation.into(), serving.into()])).await?;
    Ok(())
}

const COLUMNS: &str = "SELECT generation, txid, seq, horizon FROM projection";

/// The generation of `name` that is served.
///
/// # Errors
///
/// When the store fails.
pub async fn serving(store: &Store, name: &str) -> Result<Option<Checkpoint>, StoreError> {
    serving_on(store.reader(), name).await
}

/// The same on a connection.
pub(super) async fn serving_on(
    connection: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<Checkpoint>, StoreError> {
    let sql = format!("{COLUMNS} WHERE name = $1 AND serving");
    let found = statement(connection.get_database_backend(), &sql, [name.into()]);
    Ok(Checkpoint::find_by_statement(found).one(connection).await?)
}

/// The generation of `name` that is being built; a new one when there is none. One that was left by a process which died
/// is built further.
///
/// # Errors
///
/// When the store fails.
pub async fn shadow(store: &Store, name: &str) -> Result<Checkpoint, StoreError> {
    ensure_serving(store, name).await?;
    loop {
        let connection = store.writer();
        let sql = format!(
            "{COLUMNS} WHERE name = $1 AND generation >
             (SELECT max(generation) FROM projection WHERE name = $1 AND serving) ORDER BY generation LIMIT 1"
        );
        let found = statement(connection.get_database_backend(), &sql, [name.into()]);
        if let Some(shadow) = Checkpoint::find_by_statement(found).one(connection).await? {
            return Ok(shadow);
        }
        let served = serving(store, name).await?.map_or(0, |served| served.generation);
        insert(store, name, served + 1, false).await?;
    }
}

/// A generation under the lock that serialises those who bring it forward; `None` when it is gone.
pub(crate) async fn lock(
    transaction: &impl ConnectionTrait,
    name: &str,
    generation: i64,
) -> Result<Option<Checkpoint>, StoreError> {
    let backend = transaction.get_database_backend();
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!("{COLUMNS} WHERE name = $1 AND generation = $2 {lock}");
    let found = statement(backend, &sql, [name.into(), generation.into()]);
    Ok(Checkpoint::find_by_statement(found).one(transaction).await?)
}

/// Notes how far `checkpoint.generation` is.
pub(crate) async fn save(
    transaction: &impl ConnectionTrait,
    name: &str,
    checkpoint: &Checkpoint,
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    let sql = format!(
        "UPDATE projection SET txid = $3, seq = $4, horizon = $5, updated_at = {} WHERE name = $1 AND generation = $2",
        now::expression(backend)
    );
    let Checkpoint { generation, txid, seq, horizon } = *checkpoint;
    let values: [Value; 5] = [name.into(), generation.into(), txid.into(), seq.into(), horizon.into()];
    transaction.execute_raw(statement(backend, &sql, values)).await?;
    Ok(())
}

/// Serves `generation` in the place of the one before, if it is as far; whether it is served now.
///
/// # Errors
///
/// When the store fails.
pub async fn swap(store: &Store, name: &str, generation: i64) -> Result<bool, StoreError> {
    let Some(served) = serving(store, name).await? else { return Ok(false) };
    let transaction = store.begin_write().await?;
    // In order of generations, as everybody else: whoever brings them forward takes one at a time.
    let (Some(old), Some(new)) =
        (lock(&transaction, name, served.generation).await?, lock(&transaction, name, generation).await?)
    else {
        transaction.rollback().await?;
        return Ok(false);
    };
    if (new.txid, new.seq) < (old.txid, old.seq) || old.generation >= generation {
        transaction.rollback().await?;
        return Ok(old.generation == generation);
    }
    let backend = transaction.get_database_backend();
    for (generation, serving) in [(old.generation, false), (generation, true)] {
        let sql = "UPDATE projection SET serving = $3 WHERE name = $1 AND generation = $2";
        let values: [Value; 3] = [name.into(), generation.into(), serving.into()];
        transaction.execute_raw(statement(backend, sql, values)).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Forgets the generations before the one that is served; their rows must be gone.
///
/// # Errors
///
/// When the store fails.
pub async fn drop_old(store: &Store, name: &str, served: i64) -> Result<(), StoreError> {
    let connection = store.writer();
    let sql = "DELETE FROM projection WHERE name = $1 AND generation < $2 AND NOT serving";
    connection.execute_raw(statement(connection.get_database_backend(), sql, [name.into(), served.into()])).await?;
    Ok(())
}

/// The oldest transaction that may still append; what is before it has ended, and can be seen.
pub(super) async fn horizon(connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let backend = connection.get_database_backend();
    if backend != DbBackend::Postgres {
        // All events of SQLite have the transaction 0: one writer appends them in order.
        return Ok(1);
    }
    let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon";
    let row = connection.query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt { table: "projection", reason: "no horizon".to_owned() })?;
    Ok(row.try_get("", "horizon")?)
}

/// Whether what `name` serves has everything up to `position`.
///
/// # Errors
///
/// When the store fails.
pub async fn is_reached(store: &Store, name: &str, position: Position) -> Result<bool, StoreError> {
    let Some(served) = serving(store, name).await? else { return Ok(false) };
    let Position::Transaction(txid) = position else {
        return Ok(matches!(position, Position::Event(seq) if served.seq >= seq));
    };
    if served.horizon > txid || served.txid > txid {
        return Ok(true);
    }
    let connection = store.reader();
    // The transaction has ended, and so have all before it; then what they appended can be seen, and is not awaited.
    if horizon(connection).await? <= txid {
        return Ok(false);
    }
    let sql = "SELECT 1 AS waits FROM stock_event WHERE (txid, seq) > ($1, $2) AND txid <= $3 LIMIT 1";
    let values: [Value; 3] = [served.txid.into(), served.seq.into(), txid.into()];
    Ok(connection.query_one_raw(statement(DbBackend::Postgres, sql, values)).await?.is_none())
}

/// How far what `name` serves is behind.
///
/// # Errors
///
/// When the store fails.
pub async fn lag(store: &Store, name: &str) -> Result<Lag, StoreError> {
    let served = serving(store, name).await?;
    let (txid, seq) = served.map_or((-1, 0), |served| (served.txid, served.seq));
    let connection = store.reader();
    let backend = connection.get_database_backend();
    let since = match backend {
        DbBackend::Postgres => "extract(epoch FROM clock_timestamp() - min(occurred_at))::double precision",
        _ => "(julianday('now') - julianday(min(occurred_at))) * 86400.0",
    };
    let sql = format!(
        "SELECT count(*) AS events, coalesce({since}, 0.0) AS seconds FROM
         (SELECT occurred_at FROM stock_event WHERE (txid, seq) > ($1, $2) ORDER BY txid, seq LIMIT 10000) AS waiting"
    );
    let row = connection.query_one_raw(statement(backend, &sql, [txid.into(), seq.into()])).await?;
    let Some(row) = row else { return Ok(Lag::default()) };
    let seconds: f64 = row.try_get("", "seconds")?;
    Ok(Lag { events: row.try_get("", "events")?, seconds: seconds.max(0.0) })
}
