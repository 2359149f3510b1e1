//! Events that wait for the bus.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use selvedge_kit::{
    event::Event,
    outbox::{Outbox, OutboxEntry, OutboxError, UnreadableEntry, Waiting},
};

use super::{Store, StoreError, badges, badges::BadgeOfSku, connect::Engine, ledger::new_id, now};
use crate::entity::outbox::{ActiveModel, Column, Entity};

/// Type of the event that carries a product.
pub const PRODUCT_CHANGED: &str = "com.selvedge.inventory.product_changed.v1";

/// `source` of all events of this subgraph.
const SOURCE: &str = "/selvedge/inventory";

/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1_000;

/// An event to be announced when the transaction commits.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its type, such as [`PRODUCT_CHANGED`].
    pub event_type: &'static str,
    /// Name of its schema file without `.json`, such as `product_changed.v1`.
    pub schema: &'static str,
    /// Its key.
    pub subject: String,
    /// Grows per subject.
    pub revision: i64,
    /// The payload.
    pub data: serde_json::Value,
}

/// Writes `events` to the outbox within `transaction`; ring the relay's signal after commit.
///
/// # Errors
///
/// When the database fails.
pub async fn enqueue(
    transaction: &impl ConnectionTrait,
    events: Vec<NewEvent>,
    time: DateTime<Utc>,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let subject = event.subject.clone();
        let envelope = envelope(event, time, correlation_id)?;
        rows.push(ActiveModel {
            id: NotSet,
            subject: Set(subject),
            event: Set(envelope),
            created_at: Set(time),
            published_at: Set(None),
        });
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_PER_STATEMENT));
        Entity::insert_many(std::mem::replace(&mut rows, rest)).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// The event as it goes to the bus.
pub(super) fn envelope(
    event: NewEvent,
    time: DateTime<Utc>,
    correlation_id: &str,
) -> Result<serde_json::Value, StoreError> {
    let envelope = Event {
        specversion: "1.0".to_owned(),
        id: new_id(),
        event_type: event.event_type.to_owned(),
        source: SOURCE.to_owned(),
        subject: event.subject,
        time,
        datacontenttype: "application/json".to_owned(),
        dataschema: format!("https://selvedge.dev/schema/events/{}.json", event.schema),
        revision: event.revision,
        correlationid: correlation_id.to_owned(),
        data: event.data,
    };
    serde_json::to_value(envelope).map_err(|error| StoreError::Corrupt { table: "outbox", reason: error.to_string() })
}

/// The event that announces `badge`.
pub(super) fn of_badge(badge: &BadgeOfSku) -> Result<NewEvent, StoreError> {
    Ok(NewEvent {
        event_type: badges::BADGE_CHANGED,
        schema: "stock_badge_changed.v1",
        subject: badge.sku.clone(),
        revision: badge.revision,
        data: badges::event_data(badge)?,
    })
}

pub(super) async fn enqueue_badges(
    transaction: &impl ConnectionTrait,
    changed: &[BadgeOfSku],
    time: DateTime<Utc>,
    correlation_id: &str,
) -> Result<(), StoreError> {
    let events = changed.iter().map(of_badge).collect::<Result<Vec<NewEvent>, _>>()?;
    enqueue(transaction, events, time, correlation_id).await
}

/// The outbox as the relay sees it.
#[derive(Debug, Clone)]
pub struct StoreOutbox {
    store: Store,
    /// Rows that were read and are no events, until the relay asks for them.
    unreadable: Arc<Mutex<Vec<UnreadableEntry>>>,
}

impl StoreOutbox {
    /// The outbox of `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, unreadable: Arc::default() }
    }

    async fn read_pending(&self, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).min(MAX_LIMIT);
        let rows = match self.store.engine() {
            Engine::Sqlite => pending().limit(limit).into_model::<Row>().all(self.store.reader()).await?,
            Engine::Postgres => {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let statement = Statement::from_sql_and_values(DbBackend::Postgres, PENDING_POSTGRES, [limit.into()]);
                Row::find_by_statement(statement).all(self.store.relay()).await?
            }
        };
        let mut entries = Vec::with_capacity(rows.len());
        let mut unreadable = Vec::new();
        for row in rows {
            match row.into_entry() {
                Ok(entry) => entries.push(entry),
                Err(entry) => unreadable.push(entry),
            }
        }
        *self.unreadable.lock() = unreadable;
        Ok(entries)
    }

    async fn measure(&self) -> Result<Waiting, StoreError> {
        let reader = self.store.reader();
        let sql = match self.store.engine() {
            Engine::Sqlite => WAITING_SQLITE,
            Engine::Postgres => WAITING_POSTGRES,
        };
        let statement = Statement::from_string(reader.get_database_backend(), sql);
        let found = WaitingRow::find_by_statement(statement).one(reader).await?;
        Ok(found.map_or_else(Waiting::default, |row| Waiting {
            entries: u64::try_from(row.entries).unwrap_or_default(),
            oldest: Duration::try_from_secs_f64(row.oldest_s).unwrap_or_default(),
        }))
    }

    async fn mark_published(&self, tokens: &[String]) -> Result<(), StoreError> {
        let ids = tokens.iter().map(|token| parse(token)).collect::<Result<Vec<i64>, _>>()?;
        for chunk in ids.chunks(ROWS_PER_STATEMENT) {
            let connection = self.store.writer();
            Entity::update_many()
                .col_expr(Column::PublishedAt, now::now(connection.get_database_backend()))
                .filter(Column::Id.is_in(chunk.iter().copied()))
                .exec(connection)
                .await?;
        }
        Ok(())
    }

    async fn read_retained(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut after = after.map(parse).transpose()?.unwrap_or(i64::MIN);
        loop {
            let rows = Entity::find()
                .select_only()
                .columns([Column::Id, Column::Event])
                .filter(Column::PublishedAt.is_not_null())
                .filter(Column::Id.gt(after))
                .order_by_asc(Column::Id)
                .limit(u64::try_from(limit).unwrap_or(u64::MAX).min(MAX_LIMIT))
                .into_model::<Row>()
                .all(self.store.reader())
                .await?;
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(Vec::new()) };
            let entries: Vec<OutboxEntry> = rows.into_iter().filter_map(|row| row.into_entry().ok()).collect();
            if !entries.is_empty() {
                return Ok(entries);
            }
            // Rows that are no events are among the dead letters; behind them may be others.
            after = last;
        }
    }
}

#[async_trait]
impl Outbox for StoreOutbox {
    async fn pending(&self, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        self.read_pending(limit).await.map_err(unreachable)
    }

    fn take_unreadable(&self) -> Vec<UnreadableEntry> {
        std::mem::take(&mut *self.unreadable.lock())
    }

    async fn waiting(&self) -> Result<Waiting, OutboxError> {
        self.measure().await.map_err(unreachable)
    }

    async fn confirm(&self, tokens: &[String]) -> Result<(), OutboxError> {
        self.mark_published(tokens).await.map_err(unreachable)
    }

    async fn retained(&self, after: Option<&str>, limit: usize) -> Result<Vec<OutboxEntry>, OutboxError> {
        self.read_retained(after, limit).await.map_err(unreachable)
    }
}

/// No caller needs more at once.
const MAX_LIMIT: u64 = 100_000;

/// The session that holds the lease reads; every other gets nothing. The lease ends with the session, so that another
/// process takes over the moment this one dies. Rows of transactions at or above the oldest one still running are left
/// for later: what commits late would otherwise be passed by. So are the rows of a subject of which an earlier one is left:
/// a transaction that began first may write last.
const PENDING_POSTGRES: &str = "
WITH lease AS MATERIALIZED (
  SELECT pg_try_advisory_lock(hashtext(current_schema() || '.selvedge.inventory.relay')) AS held
)
SELECT outbox.id, outbox.event FROM lease, outbox
WHERE lease.held AND outbox.published_at IS NULL AND outbox.txid < pg_snapshot_xmin(pg_current_snapshot())
  AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.published_at IS NULL AND earlier.txid >= pg_snapshot_xmin(pg_current_snapshot())
      AND earlier.subject = outbox.subject AND earlier.id < outbox.id
  )
ORDER BY outbox.id LIMIT $1";

/// What waits, those rows included that an open transaction holds back.
const WAITING_POSTGRES: &str = "
SELECT count(*) AS entries,
  coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest_s
FROM outbox WHERE published_at IS NULL";

const WAITING_SQLITE: &str = "
SELECT count(*) AS entries,
  coalesce((julianday('now') - julianday(min(created_at))) * 86400.0, 0.0) AS oldest_s
FROM outbox WHERE published_at IS NULL";

#[derive(FromQueryResult)]
struct WaitingRow {
    entries: i64,
    oldest_s: f64,
}

fn pending() -> sea_orm::Select<Entity> {
    Entity::find()
        .select_only()
        .columns([Column::Id, Column::Event])
        .filter(Column::PublishedAt.is_null())
        .order_by_asc(Column::Id)
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    event: serde_json::Value,
}

impl Row {
    fn into_entry(self) -> Result<OutboxEntry, UnreadableEntry> {
        let token = self.id.to_string();
        match serde_json::from_value(self.event.clone()) {
            Ok(event) => Ok(OutboxEntry { token, event }),
            Err(error) => {
                Err(UnreadableEntry { token, text: self.event.to_string(), reason: format!("it is no event: {error}") })
            }
        }
    }
}

fn parse(token: &str) -> Result<i64, StoreError> {
    token.parse().map_err(|_| DbErr::Custom(format!("`{token}` is no token of this outbox")).into())
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function of map_err")]
fn unreachable(error: StoreError) -> OutboxError {
    OutboxError { reason: error.to_string() }
}
