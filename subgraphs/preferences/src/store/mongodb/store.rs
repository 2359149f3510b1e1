//! The store's methods as commands.

use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bson::{Document, doc};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use mongodb::{
    Client, Collection,
    error::{Error, ErrorKind, WriteFailure},
    options::ClientOptions,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use super::collections::Collections;
use crate::store::{
    BehaviourDocument, CustomerDocument, LeaseRequest, Moment,
    port::{CustomerStore, StoreError},
};

/// How long a server may be away before a request fails.
const SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// The server's code for a second document with the same unique key.
const DUPLICATE_KEY: i32 = 11_000;

/// Customers and behaviour on a MongoDB server.
#[derive(Debug, Clone)]
pub struct MongodbStore {
    collections: Collections,
    queues: Arc<WriteQueues>,
}

/// Who is the only one to do something, and until when.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaseDocument {
    #[serde(rename = "_id")]
    id: String,
    holder: String,
    expires_at: Moment,
}

impl MongodbStore {
    /// Connects to `store_url` and makes what is missing in `database`.
    ///
    /// # Errors
    ///
    /// When the URL is not valid or no server answers within 5 s.
    pub async fn open(store_url: &str, database: &str, max_connections: u32) -> Result<Self, StoreError> {
        let mut options = ClientOptions::parse(store_url).await.map_err(failed("read its URL"))?;
        options.app_name.get_or_insert_with(|| "selvedge-preferences".to_owned());
        options.server_selection_timeout.get_or_insert(SERVER_SELECTION_TIMEOUT);
        options.max_pool_size.get_or_insert(max_connections.max(1));
        let client = Client::with_options(options).map_err(failed("connect"))?;
        let collections = Collections::open(&client, database).await.map_err(failed("create its indexes"))?;
        let store = Self { collections, queues: Arc::default() };
        if store.is_ferretdb().await? {
            tracing::warn!(
                "the store is FerretDB, which does not replace documents in one step: run one process of subgraph \
                 `preferences` only, or use MongoDB"
            );
        }
        Ok(store)
    }

    async fn is_ferretdb(&self) -> Result<bool, StoreError> {
        let build = self.collections.database.run_command(doc! { "buildInfo": 1 }).await;
        Ok(build.map_err(failed("tell its version"))?.contains_key("ferretdbVersion"))
    }

    /// Deletes the whole database; for tests.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn drop_database(&self) -> Result<(), StoreError> {
        self.collections.database.drop().await.map_err(failed("drop its database"))
    }

    async fn customers_by(
        &self,
        filter: Document,
        sort: Document,
        limit: usize,
    ) -> Result<Vec<CustomerDocument>, StoreError> {
        let cursor = self.collections.customer.find(filter).sort(sort).limit(count(limit)).await;
        let cursor = cursor.map_err(failed("read customers"))?;
        cursor.try_collect().await.map_err(failed("read customers"))
    }

    async fn behaviour_by(&self, filter: Document, limit: usize) -> Result<Vec<BehaviourDocument>, StoreError> {
        let found =
            self.collections.behaviour_event.find(filter).sort(doc! { "publishedId": 1 }).limit(count(limit)).await;
        found.map_err(failed("read behaviour"))?.try_collect().await.map_err(failed("read behaviour"))
    }
}

#[async_trait]
impl CustomerStore for MongodbStore {
    fn engine(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.collections.database.run_command(doc! { "ping": 1 }).await.map(drop).map_err(failed("answer"))
    }

    async fn customers(&self, ids: &[String]) -> Result<Vec<CustomerDocument>, StoreError> {
        let found = self.collections.customer.find(doc! { "_id": { "$in": ids } }).await;
        found.map_err(failed("read customers"))?.try_collect().await.map_err(failed("read customers"))
    }

    async fn insert_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError> {
        inserted(self.collections.customer.insert_one(document).await, "insert a customer")
    }

    async fn replace_customer(&self, document: &CustomerDocument) -> Result<bool, StoreError> {
        let _turn = self.queues.turn(&document.id).await;
        let read = doc! { "_id": &document.id, "writeVersion": document.write_version - 1 };
        let replaced = self.collections.customer.replace_one(read, document).await;
        Ok(replaced.map_err(failed("replace a customer"))?.matched_count == 1)
    }

    async fn customers_with_pending_events(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError> {
        self.customers_by(doc! { "outboxPending": true }, doc! { "outboxPendingSince": 1 }, limit).await
    }

    async fn count_pending(&self) -> Result<u64, StoreError> {
        let customers = self.collections.customer.count_documents(doc! { "outboxPending": true }).await;
        let behaviour = self.collections.behaviour_event.count_documents(doc! { "published": false }).await;
        Ok(customers.map_err(failed("count what waits"))? + behaviour.map_err(failed("count what waits"))?)
    }

    async fn customers_with_retained_events(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CustomerDocument>, StoreError> {
        let filter = doc! { "outboxRetained": true, "_id": { "$gt": after.unwrap_or_default() } };
        self.customers_by(filter, doc! { "_id": 1 }, limit).await
    }

    async fn customers_with_erasure_due(&self, limit: usize) -> Result<Vec<CustomerDocument>, StoreError> {
        self.customers_by(doc! { "erasureDue": true }, doc! { "_id": 1 }, limit).await
    }

    async fn insert_behaviour(&self, documents: &[BehaviourDocument]) -> Result<HashSet<String>, StoreError> {
        let mut inserted: HashSet<String> = documents.iter().map(|document| document.id.clone()).collect();
        if documents.is_empty() {
            return Ok(inserted);
        }
        let Err(error) = self.collections.behaviour_event.insert_many(documents).ordered(false).await else {
            return Ok(inserted);
        };
        let ErrorKind::InsertMany(details) = error.kind.as_ref() else {
            return Err(failed("insert behaviour")(error));
        };
        let writes = details.write_errors.as_deref().unwrap_or_default();
        if details.write_concern_error.is_some() || writes.iter().any(|write| write.code != DUPLICATE_KEY) {
            return Err(failed("insert behaviour")(error));
        }
        for duplicate in writes.iter().filter_map(|write| documents.get(write.index)) {
            inserted.remove(&duplicate.id);
        }
        Ok(inserted)
    }

    async fn viewed_products(&self, customer_id: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let views = self.collections.behaviour_event.clone_with_type::<ViewDocument>();
        let filter = doc! { "customerId": customer_id, "kind": "VIEW" };
        let mut found = views
            .find(filter)
            .sort(doc! { "occurredAt": -1, "productId": 1 })
            .projection(doc! { "productId": 1 })
            .await
            .map_err(failed("read views"))?;
        let mut products = Vec::new();
        let mut seen = HashSet::new();
        while products.len() < limit
            && let Some(view) = found.try_next().await.map_err(failed("read views"))?
        {
            if seen.insert(view.product_id.clone()) {
                products.push(view.product_id);
            }
        }
        Ok(products)
    }

    async fn delete_behaviour_of(&self, customer_id: &str) -> Result<u64, StoreError> {
        delete(&self.collections.behaviour_event, doc! { "customerId": customer_id }).await
    }

    async fn delete_expired_behaviour(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let until = Moment::at(now).to_bson();
        delete(&self.collections.behaviour_event, doc! { "expiresAt": { "$lte": until } }).await
    }

    async fn pending_behaviour(&self, limit: usize) -> Result<Vec<BehaviourDocument>, StoreError> {
        self.behaviour_by(doc! { "published": false }, limit).await
    }

    async fn mark_behaviour_published(&self, published_ids: &[String]) -> Result<(), StoreError> {
        let filter = doc! { "published": false, "publishedId": { "$in": published_ids } };
        let marked = self.collections.behaviour_event.update_many(filter, doc! { "$set": { "published": true } }).await;
        marked.map(drop).map_err(failed("mark behaviour as published"))
    }

    async fn published_behaviour(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BehaviourDocument>, StoreError> {
        self.behaviour_by(doc! { "published": true, "publishedId": { "$gt": after.unwrap_or_default() } }, limit).await
    }

    async fn take_lease(&self, request: LeaseRequest<'_>) -> Result<bool, StoreError> {
        let _turn = self.queues.turn(request.name).await;
        let now = Moment::at(request.now).to_bson();
        let free = doc! { "$or": [{ "holder": request.holder }, { "expiresAt": { "$lte": now } }] };
        let filter = doc! { "$and": [{ "_id": request.name }, free] };
        let document = LeaseDocument {
            id: request.name.to_owned(),
            holder: request.holder.to_owned(),
            expires_at: Moment::at(request.until),
        };
        let renewed = self.collections.lease.replace_one(filter, &document).await.map_err(failed("take a lease"))?;
        if renewed.matched_count == 1 {
            return Ok(true);
        }
        inserted(self.collections.lease.insert_one(&document).await, "take a lease")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewDocument {
    product_id: String,
}

/// Queues writes to one document within the process; see the module.
#[derive(Debug)]
struct WriteQueues {
    hasher: RandomState,
    queues: HashMap<u64, Mutex<()>>,
    spare: Mutex<()>,
}

impl Default for WriteQueues {
    fn default() -> Self {
        let queues = (0..Self::COUNT).map(|number| (number, Mutex::default())).collect();
        Self { hasher: RandomState::new(), queues, spare: Mutex::default() }
    }
}

impl WriteQueues {
    const COUNT: u64 = 64;

    async fn turn(&self, id: &str) -> MutexGuard<'_, ()> {
        self.queues.get(&(self.hasher.hash_one(id) % Self::COUNT)).unwrap_or(&self.spare).lock().await
    }
}

async fn delete<T: Send + Sync>(collection: &Collection<T>, filter: Document) -> Result<u64, StoreError> {
    Ok(collection.delete_many(filter).await.map_err(failed("delete behaviour"))?.deleted_count)
}

/// Whether an insert went in; false when the id is taken.
fn inserted<T>(result: Result<T, Error>, action: &'static str) -> Result<bool, StoreError> {
    let Err(error) = result else { return Ok(true) };
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) if write.code == DUPLICATE_KEY => Ok(false),
        _ => Err(failed(action)(error)),
    }
}

/// Keeps the kind and the code: what servers say about a document may repeat what is in it.
fn failed(action: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| {
        let reason = match error.kind.as_ref() {
            ErrorKind::Write(WriteFailure::WriteError(write)) => format!("write error {}", write.code),
            ErrorKind::InsertMany(details) => {
                let codes: Vec<i32> = details.write_errors.iter().flatten().map(|write| write.code).take(5).collect();
                format!("write errors {codes:?}")
            }
            kind => kind.to_string(),
        };
        StoreError::Failed { engine: "mongodb", action, reason }
    }
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
