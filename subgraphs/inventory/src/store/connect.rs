//! Opening the database by its URL.

use std::{fmt, sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use selvedge_inventory_migration::Migrator;

use super::Reader;
use crate::{config::Config, error::StoreError};

/// The engine behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in a file (WAL) or in memory.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite://PATH?mode=rwc`, `sqlite::memory:` or `postgres://…`.
    pub database_url: String,
    /// Connections for reading, and on PostgreSQL for writing too.
    pub max_connections: u32,
    /// PostgreSQL schema to work in, created when absent; `None` leaves the role's search path.
    pub schema: Option<String>,
    /// After how long PostgreSQL ends a session whose transaction waits for its client to say something; `None` for what the
    /// server does.
    pub idle_in_transaction: Option<Duration>,
    /// Told of every statement after it has run.
    pub observer: Option<StatementObserver>,
}

/// Somebody who wants to know what the database is asked, such as a test of the plans that it makes.
#[derive(Clone)]
pub struct StatementObserver(pub Arc<dyn Fn(&Statement) + Send + Sync>);

impl fmt::Debug for StatementObserver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StatementObserver")
    }
}

impl StoreOptions {
    /// Options for `database_url` with ten connections.
    #[must_use]
    pub fn new(database_url: impl Into<String>) -> Self {
        let idle_in_transaction = Some(IDLE_IN_TRANSACTION);
        Self {
            database_url: database_url.into(),
            max_connections: 10,
            schema: None,
            idle_in_transaction,
            observer: None,
        }
    }

    /// What `config` says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let seconds = config.idle_transaction_seconds;
        Self {
            max_connections: config.max_connections,
            idle_in_transaction: (seconds > 0).then(|| Duration::from_secs(seconds.into())),
            ..Self::new(config.database_url.clone())
        }
    }
}

/// The opened database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store(Arc<Pools>);

#[derive(Debug)]
struct Pools {
    engine: Engine,
    reader: Reader,
    writer: DatabaseConnection,
    relay: DatabaseConnection,
}

impl Store {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    ///
    /// When the URL names no known engine, the database is away, or a migration fails.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let url = options.database_url.as_str();
        let pools = if url.starts_with("sqlite:") {
            open_sqlite(options).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(options).await?
        } else {
            return Err(StoreError::UnknownEngine { url: url.split(':').next().unwrap_or_default().to_owned() });
        };
        let store = Self(Arc::new(pools));
        store.migrate().await?;
        Ok(store)
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Connections for queries outside a transaction.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.0.reader
    }

    /// Connections for single statements that write.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }

    /// The one connection whose session holds the relay's lease (PostgreSQL).
    pub(crate) fn relay(&self) -> &DatabaseConnection {
        &self.0.relay
    }

    /// Begins a transaction that writes. On SQLite it takes the write lock at once, so that it never has to upgrade
    /// a read lock, which fails under contention.
    ///
    /// It begins in a task of its own, which a caller who goes away does not end: the driver takes back only what it knows to
    /// have begun, and would put a connection that was left in between back into the pool, in an open transaction. Whoever
    /// got it next would answer that something is written which is not.
    ///
    /// # Errors
    ///
    /// When no connection can be had, or the database is away.
    pub async fn begin_write(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (self.0.engine == Engine::Sqlite).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        begin(self.0.writer.clone(), options).await
    }

    /// Begins a transaction that reads everything as of one moment and holds nobody back.
    ///
    /// # Errors
    ///
    /// When no connection can be had, or the database is away.
    pub(crate) async fn begin_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.0.engine {
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            // What a transaction has begun to read stays as it is.
            Engine::Sqlite => TransactionOptions::default(),
        };
        begin(self.0.reader.connection().clone(), options).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        Ok(self.0.reader.connection().ping().await?)
    }

    /// Closes all connections; for the end of the process.
    ///
    /// # Errors
    ///
    /// When the driver does.
    pub async fn close(&self) -> Result<(), StoreError> {
        for pool in [self.0.reader.connection(), &self.0.writer, &self.0.relay] {
            pool.close_by_ref().await?;
        }
        Ok(())
    }

    /// Runs the migrations in one transaction; of several processes that start together one does it.
    async fn migrate(&self) -> Result<(), StoreError> {
        let migration = |source| StoreError::Migration { source };
        let transaction = self.begin_write().await?;
        if self.0.engine == Engine::Postgres {
            transaction.execute_unprepared(MIGRATION_LOCK).await.map_err(migration)?;
        }
        Migrator::up(&transaction, None).await.map_err(migration)?;
        transaction.commit().await.map_err(migration)
    }
}

/// Begins in a task of its own; see [`Store::begin_write`].
async fn begin(connection: DatabaseConnection, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
    let beginning = tokio::spawn(async move { connection.begin_with_options(options).await });
    beginning.await.map_err(|error| DbErr::Custom(format!("a transaction was not begun: {error}")))?
}

const MIGRATION_LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.selvedge.inventory.migrate'))";

/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that rested longer is tried before it is used: the server may have been started anew.
const IDLE_BEFORE_PING: Duration = Duration::from_secs(1);
/// Nothing here says nothing for so long within a transaction; what does was left behind.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);
/// The setting of PostgreSQL that ends such a session.
const IDLE_SETTING: &str = "idle_in_transaction_session_timeout";
/// How long SQLite waits for another process's write lock before it says busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// WAL lets readers go on while the one writer writes; `synchronous = NORMAL` is durable against a crash of the process,
/// and in WAL never corrupts on a power cut. Writers queue in a pool of one instead of spinning on the file lock.
async fn open_sqlite(options: &StoreOptions) -> Result<Pools, DbErr> {
    let in_memory = options.database_url.contains(":memory:") || options.database_url.contains("mode=memory");
    let writer = sqlite_pool(options, 1, in_memory).await?;
    // A database in memory belongs to its connection, so that readers and writer share the one.
    let reader = if in_memory { writer.clone() } else { sqlite_pool(options, options.max_connections, false).await? };
    Ok(Pools { engine: Engine::Sqlite, relay: reader.clone(), reader: Reader::new(reader), writer })
}

async fn sqlite_pool(options: &StoreOptions, connections: u32, in_memory: bool) -> Result<DatabaseConnection, DbErr> {
    let mut pool = ConnectOptions::new(&options.database_url);
    pool.max_connections(connections).min_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    pool.test_before_acquire(false).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    pool.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(256)
            .pragma("synchronous", "NORMAL")
            .pragma("cache_size", "-32768")
            .pragma("temp_store", "MEMORY");
        if in_memory { sqlite } else { sqlite.pragma("journal_mode", "WAL") }
    });
    Ok(measured(Database::connect(pool).await?, options.observer.clone()))
}

async fn open_postgres(options: &StoreOptions) -> Result<Pools, DbErr> {
    if let Some(schema) = &options.schema {
        let admin = Database::connect(postgres_pool(options, 1, false)).await?;
        let quoted = schema.replace('"', "\"\"");
        admin.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\"")).await?;
        admin.close().await?;
    }
    let pool = Database::connect(postgres_pool(options, options.max_connections.max(2), true)).await?;
    let pool = measured(pool, options.observer.clone());
    let mut relay = postgres_pool(options, 1, true);
    relay.connect_lazy(true).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    let relay = Database::connect(relay).await?;
    debug_assert_eq!(pool.get_database_backend(), DbBackend::Postgres);
    Ok(Pools { engine: Engine::Postgres, reader: Reader::new(pool.clone()), writer: pool, relay })
}

fn postgres_pool(options: &StoreOptions, connections: u32, in_schema: bool) -> ConnectOptions {
    let mut pool = ConnectOptions::new(&options.database_url);
    pool.max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT).sqlx_logging(false);
    pool.test_before_acquire_if_idle_for(IDLE_BEFORE_PING);
    if !options.database_url.contains("application_name=") {
        pool.set_application_name("selvedge-inventory");
    }
    // What the address says comes first.
    let idle = options.idle_in_transaction.filter(|_| !options.database_url.contains(IDLE_SETTING));
    pool.map_sqlx_postgres_opts(move |postgres| {
        let postgres = postgres.statement_cache_capacity(256);
        match idle {
            Some(idle) => postgres.options([(IDLE_SETTING, format!("{}ms", idle.as_millis()))]),
            None => postgres,
        }
    });
    if let (true, Some(schema)) = (in_schema, &options.schema) {
        pool.set_schema_search_path(schema.clone());
    }
    pool
}

/// Counts every statement of `connection` and the time it takes.
fn measured(mut connection: DatabaseConnection, observer: Option<StatementObserver>) -> DatabaseConnection {
    connection.set_metric_callback(move |statement| {
        if let Some(StatementObserver(told)) = &observer {
            told(statement.statement);
        }
        let outcome = if statement.failed { "failed" } else { "done" };
        metrics::counter!("inventory_statements_total", "outcome" => outcome).increment(1);
        metrics::histogram!("inventory_statement_seconds").record(statement.elapsed.as_secs_f64());
    });
    connection
}
