//! What is read once per request, however often it is asked for.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Request, Response,
    dataloader::{DataLoader, HashMapCache, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use selvedge_kit::server::GraphqlExecutor;
use tokio::sync::Mutex;

use super::schema::PreferencesSchema;
use crate::{
    domain::Customer,
    store::{CustomerStore, StoreError},
};

/// The reads of one request.
pub(super) struct RequestScope {
    customers: DataLoader<CustomerLoader, HashMapCache>,
    caller: Mutex<Option<Caller>>,
}

/// The caller's own document: there is none for someone who never did anything.
type Caller = Option<Arc<Customer>>;

/// Why a batch failed, told to everyone who waits for it.
pub(super) type SharedStoreError = Arc<StoreError>;

impl RequestScope {
    fn new(store: Arc<dyn CustomerStore>) -> Self {
        let loader = CustomerLoader { store };
        let (spawner, timer) = (TokioSpawner::current(), TokioTimer::default());
        let customers = DataLoader::with_cache(loader, spawner, timer, HashMapCache::default());
        Self { customers, caller: Mutex::default() }
    }

    /// The customer `id`, read together with the others that the request asks for.
    pub(super) async fn customer(&self, id: &str) -> Result<Option<Arc<Customer>>, SharedStoreError> {
        self.customers.load_one(id.to_owned()).await
    }

    /// The caller, whose id is `id`: read by the first who asks while the others wait, so that one page of products
    /// costs one read.
    pub(super) async fn caller(&self, id: &str) -> Result<Caller, SharedStoreError> {
        let mut known = self.caller.lock().await;
        if let Some(caller) = &*known {
            return Ok(caller.clone());
        }
        let caller = self.customer(id).await?;
        *known = Some(caller.clone());
        Ok(caller)
    }

    /// Takes in that the request itself has changed the caller.
    pub(super) async fn remember_caller(&self, customer: Arc<Customer>) {
        self.customers.feed_one(customer.id.clone(), Arc::clone(&customer)).await;
        *self.caller.lock().await = Some(Some(customer));
    }
}

struct CustomerLoader {
    store: Arc<dyn CustomerStore>,
}

impl Loader<String> for CustomerLoader {
    type Value = Arc<Customer>;
    type Error = SharedStoreError;

    async fn load(&self, keys: &[String]) -> Result<HashMap<String, Self::Value>, Self::Error> {
        let found = self.store.customers(keys).await?;
        Ok(found.into_iter().map(|document| (document.id.clone(), Arc::new(document.customer()))).collect())
    }
}

/// Executes each request with a scope of its own.
pub(crate) struct ScopedExecutor {
    schema: PreferencesSchema,
    store: Arc<dyn CustomerStore>,
}

impl ScopedExecutor {
    /// Executes on `schema` over `store`.
    #[must_use]
    pub(crate) fn new(schema: PreferencesSchema, store: Arc<dyn CustomerStore>) -> Self {
        Self { schema, store }
    }

    fn scoped(&self, request: Request) -> Request {
        request.data(RequestScope::new(Arc::clone(&self.store)))
    }
}

impl GraphqlExecutor for ScopedExecutor {
    fn execute(&self, request: Request) -> BoxFuture<'static, Response> {
        let schema = self.schema.clone();
        let request = self.scoped(request);
        async move { schema.execute(request).await }.boxed()
    }

    fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(self.scoped(request)).boxed()
    }
}
