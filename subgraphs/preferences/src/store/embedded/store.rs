//! The store's methods as statements.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sea_orm::sqlx::{self, Row, Sqlite, query::Query, sqlite::SqliteArguments};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    connect::{Pools, connect},
    tables::CREATE,
};
use crate::store::{
    BehaviourDocument, CustomerDocument, LeaseRequest, Moment,
    port::{CustomerStore, StoreError},
};

/// Customers and behaviour in a SQLite file, or in memory.
#[derive(Debug, Clone)]
pub struct EmbeddedStore {
    pools: Pools,
}

impl EmbeddedStore {
    /// Opens the file at `store_url` (`sqlite://PATH?mode=rwc`, or `sqlite::memory:`) and makes what is missing in it.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub async fn open(store_url: &str, max_connections: u32) -> Result<Self, StoreError> {
        let pools = connect(store_url, max_connections).await.map_err(failed("open"))?;
        for statement in CREATE {
            sqlx::query(*statement).execute(&pools.write).await.map_err(failed("create its tables"))?;
        }
        Ok(Self { pools })
    }

    async fn read_documents<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = statement.fetch_all(&self.pools.read).await.map_err(failed("read documents"))?;
        rows.iter()
            .map(|row| {
                let text: &str = row.try_get(0).map_err(failed("read a document"))?;
                serde_json::from_str(text).map_err(|error| malformed(collection, &error))
            })
            .collect()
    }

    async fn write(
        &self,
        action: &'static str,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        Ok(statement.execute(&self.pools.write).await.map_err(failed(action))?.rows_affected())
    }
}

#[async_trait]
impl CustomerStore for EmbeddedStore {
    fn engine(&self) -> &'static str {
        "embedded"
    }

    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM lease").fetch_one(&self.pools.read).await.map_err(failed("answer"))?;
        Ok(())
    }

    async fn customers(&self, ids: &[String]) -> Result<Vec<CustomerDocument>, StoreError> {
        let statement = "SELECT document FROM customer WHERE id IN (SELECT value FROM json_each(?))";
        self.read_documents("customer", sqlx::query(statement).bind(json!(ids).to_string())).await
    }

    async fn insert_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError> {
        let statement = "INSERT INTO customer (id, document) VALUES (?, ?) ON CONFLICT DO NOTHING";
        let statement = sqlx::query(statement).bind(&document.id).bind(text_of("customer", document)?);
        Ok(self.write("insert a customer", statement).await? == 1)
    }

    async fn replace_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError> {
        let statement = "UPDATE customer SET document = ? WHERE id = ? AND write_version = ?";
        let statement = sqlx::query(statement)
            .bind(text_of("customer", document)?)
            .bind(&document.id)
            .bind(document.write_version - 1);
        Ok(self.write("replace a customer", statement).await? == 1)
    }

    async fn customers_with_pending_events(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError> {
        let statement = "SELECT document FROM customer WHERE pending_since IS NOT NULL ORDER BY pending_since LIMIT ?";
        self.read_documents("customer", sqlx::query(statement).bind(count(limit))).await
    }

    async fn count_pending(&self) -> Result<u64, StoreError> {
        let statement = "SELECT (SELECT count(*) FROM customer WHERE pending_since IS NOT NULL)
            + (SELECT count(*) FROM behaviour_event WHERE published = 0)";
        let row = sqlx::query(statement).fetch_one(&self.pools.read).await.map_err(failed("count what waits"))?;
        let count: i64 = row.try_get(0).map_err(failed("count what waits"))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn customers_with_retained_events(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CustomerDocument>, StoreError> {
        let statement = "SELECT document FROM customer WHERE retained = 1 AND id > ? ORDER BY id LIMIT ?";
        self.read_documents("customer", sqlx::query(statement).bind(after.unwrap_or_default()).bind(count(limit))).await
    }

    async fn customers_with_erasure_due(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError> {
        let statement = "SELECT document FROM customer WHERE erasure_due = 1 ORDER BY id LIMIT ?";
        self.read_documents("customer", sqlx::query(statement).bind(count(limit))).await
    }

    async fn insert_behaviour(&self, documents: &[BehaviourDocument]) -> Result<HashSet<String>, StoreError> {
        let statement = "INSERT INTO behaviour_event (id, document)
            SELECT value ->> '$._id', value FROM json_each(?) WHERE true
            ON CONFLICT DO NOTHING RETURNING id";
        let rows = sqlx::query(statement)
            .bind(text_of("behaviour_event", documents)?)
            .fetch_all(&self.pools.write)
            .await
            .map_err(failed("insert behaviour"))?;
        rows.iter().map(|row| row.try_get(0).map_err(failed("insert behaviour"))).collect()
    }

    async fn viewed_products(&self, customer_id: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let statement = "SELECT product_id FROM behaviour_event WHERE customer_id = ? AND kind = 'VIEW'
            GROUP BY product_id ORDER BY max(occurred_at) DESC, product_id LIMIT ?";
        let rows = sqlx::query(statement)
            .bind(customer_id)
            .bind(count(limit))
            .fetch_all(&self.pools.read)
            .await
            .map_err(failed("read views"))?;
        rows.iter().map(|row| row.try_get(0).map_err(failed("read views"))).collect()
    }

    async fn delete_behaviour_of(&self, customer_id: &str) -> Result<u64, StoreError> {
        let statement = "DELETE FROM behaviour_event WHERE customer_id = ?";
        let deleted = self.write("delete behaviour", sqlx::query(statement).bind(customer_id)).await?;
        if deleted > 0 {
            // The log still has what was deleted: emptied, it is only in the file, where it was overwritten.
            self.write("empty its log", sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")).await?;
        }
        Ok(deleted)
    }

    async fn delete_expired_behaviour(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let statement = "DELETE FROM behaviour_event WHERE expires_at <= ?";
        self.write("delete expired behaviour", sqlx::query(statement).bind(Moment::at(now).to_text())).await
    }

    async fn pending_behaviour(&self, limit: usize) -> Result<Vec<BehaviourDocument>, StoreError> {
        let statement = "SELECT document FROM behaviour_event WHERE published = 0 ORDER BY published_id LIMIT ?";
        self.read_documents("behaviour_event", sqlx::query(statement).bind(count(limit))).await
    }

    async fn mark_behaviour_published(&self, published_ids: &[String]) -> Result<(), StoreError> {
        let statement = "UPDATE behaviour_event SET document = json_set(document, '$.published', json('true'))
            WHERE published_id IN (SELECT value FROM json_each(?))";
        let statement = sqlx::query(statement).bind(json!(published_ids).to_string());
        self.write("mark behaviour as published", statement).await.map(drop)
    }

    async fn published_behaviour(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BehaviourDocument>, StoreError> {
        let statement = "SELECT document FROM behaviour_event WHERE published = 1 AND published_id > ?
            ORDER BY published_id LIMIT ?";
        let statement = sqlx::query(statement).bind(after.unwrap_or_default()).bind(count(limit));
        self.read_documents("behaviour_event", statement).await
    }

    async fn take_lease(&self, request: LeaseRequest<'_>) -> Result<bool, StoreError> {
        let statement = "INSERT INTO lease (id, document)
            VALUES (?1, json_object('_id', ?1, 'holder', ?2, 'expiresAt', ?3))
            ON CONFLICT (id) DO UPDATE SET document = excluded.document
            WHERE document ->> '$.holder' = ?2 OR document ->> '$.expiresAt' <= ?4";
        let statement = sqlx::query(statement)
            .bind(request.name)
            .bind(request.holder)
            .bind(Moment::at(request.until).to_text())
            .bind(Moment::at(request.now).to_text());
        Ok(self.write("take a lease", statement).await? == 1)
    }
}

fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::Failed { engine: "embedded", action, reason: error.to_string() }
}

/// Says where a document is wrong and leaves out with what, which may be personal.
fn malformed(collection: &'static str, error: &serde_json::Error) -> StoreError {
    let reason = format!("{:?} error at column {}", error.classify(), error.column());
    StoreError::Malformed { collection, reason }
}

fn text_of<T: Serialize + ?Sized>(collection: &'static str, document: &T) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| malformed(collection, &error))
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
