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

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use async_graphql::{Variables, value};
    use async_trait::async_trait;
    use chrono::{DateTime, TimeDelta, Utc};
    use selvedge_kit::{clock::SystemClock, identity::Identity, outbox::RelaySignal};

    use super::*;
    use crate::{
        announce::EventIds,
        command::Customers,
        graphql::{Services, with_services},
        intake::Intake,
        privacy::Privacy,
        store::{BehaviourDocument, CustomerDocument, LeaseRequest},
    };

    /// Knows one customer and counts how often it is read; nothing else is asked of it.
    #[derive(Default)]
    struct CountingStore {
        reads: AtomicUsize,
    }

    type Stored<T> = Result<T, StoreError>;

    #[async_trait]
    impl CustomerStore for CountingStore {
        fn engine(&self) -> &'static str {
            "counting"
        }
        async fn customers(&self, ids: &[String]) -> Stored<Vec<CustomerDocument>> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let mut anna = Customer::new("anna", DateTime::UNIX_EPOCH);
            anna.wishlist
                .push(crate::domain::WishlistItem { product_id: "p7".to_owned(), added_at: DateTime::UNIX_EPOCH });
            Ok(ids.iter().filter(|id| *id == "anna").map(|_| CustomerDocument::first(&anna)).collect())
        }
        async fn check(&self) -> Stored<()> {
            unreachable!()
        }
        async fn insert_customer(&self, _: &CustomerDocument) -> Stored<bool> {
            unreachable!()
        }
        async fn replace_customer(&self, _: &CustomerDocument) -> Stored<bool> {
            unreachable!()
        }
        async fn customers_with_pending_events(&self, _: usize) -> Stored<Vec<CustomerDocument>> {
            unreachable!()
        }
        async fn count_pending(&self) -> Stored<u64> {
            unreachable!()
        }
        async fn customers_with_retained_events(&self, _: Option<&str>, _: usize) -> Stored<Vec<CustomerDocument>> {
            unreachable!()
        }
        async fn customers_with_erasure_due(&self, _: usize) -> Stored<Vec<CustomerDocument>> {
            unreachable!()
        }
        async fn insert_behaviour(&self, _: &[BehaviourDocument]) -> Stored<HashSet<String>> {
            unreachable!()
        }
        async fn viewed_products(&self, _: &str, _: usize) -> Stored<Vec<String>> {
            unreachable!()
        }
        async fn delete_behaviour_of(&self, _: &str) -> Stored<u64> {
            unreachable!()
        }
        async fn delete_expired_behaviour(&self, _: DateTime<Utc>) -> Stored<u64> {
            unreachable!()
        }
        async fn pending_behaviour(&self, _: usize) -> Stored<Vec<BehaviourDocument>> {
            unreachable!()
        }
        async fn mark_behaviour_published(&self, _: &[String]) -> Stored<()> {
            unreachable!()
        }
        async fn published_behaviour(&self, _: Option<&str>, _: usize) -> Stored<Vec<BehaviourDocument>> {
            unreachable!()
        }
        async fn take_lease(&self, _: LeaseRequest<'_>) -> Stored<bool> {
            unreachable!()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_page_of_products_costs_one_read_however_long_it_is() {
        let counting = Arc::new(CountingStore::default());
        let store = Arc::clone(&counting) as Arc<dyn CustomerStore>;
        let ids = Arc::new(EventIds::new(Arc::new(SystemClock)));
        let signal = RelaySignal::default();
        let customers = Customers::new(Arc::clone(&store), Arc::clone(&ids), signal.clone());
        let schema = with_services(Services {
            privacy: Privacy::new(Arc::clone(&store), customers.clone()),
            customers,
            intake: Intake { store: Arc::clone(&store), ids, signal, retention: TimeDelta::days(1) },
            store: Arc::clone(&store),
        });
        let executor = ScopedExecutor::new(schema, store);
        let representations: Vec<_> =
            (0..1_000).map(|number| value!({ "__typename": "Product", "id": format!("p{number}") })).collect();
        let query =
            "query($r: [_Any!]!) { me { id } _entities(representations: $r) { ... on Product { isWishlisted } } }";
        let variables = Variables::from_value(value!({ "r": representations }));
        let identity = Identity { subject: Some("anna".to_owned()), ..Identity::default() };
        let response = executor.execute(Request::new(query).variables(variables).data(identity)).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        assert_eq!(counting.reads.load(Ordering::Relaxed), 1);
        let data = response.data.into_json().unwrap();
        let wished: Vec<usize> = data["_entities"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .filter(|(_, product)| product["isWishlisted"] == true)
            .map(|(index, _)| index)
            .collect();
        assert_eq!(wished, [7]);
    }
}
