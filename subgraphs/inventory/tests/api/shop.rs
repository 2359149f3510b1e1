//! A shop with the sample catalog, asked as the gateway asks.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use futures::{StreamExt, stream::BoxStream};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use selvedge_inventory::{
    Config, StartError, connect,
    entity::{product, variant},
    start,
    store::{Store, StoreOptions},
};
use selvedge_kit::{
    bus::{EventBus, InProcessBus},
    clock::SystemClock,
    identity::Identity,
    server::{Dependencies, GraphqlExecutor, RunningSubgraph},
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::sample::Sample;

/// A store with the sample, and the API over it without background work.
pub(crate) struct Shop {
    pub(crate) sample: Sample,
    pub(crate) store: Store,
    pub(crate) bus: Arc<dyn EventBus>,
    executor: Arc<dyn GraphqlExecutor>,
    config: Config,
    shutdown: CancellationToken,
    _folder: Option<tempfile::TempDir>,
}

impl Shop {
    /// A shop on a new SQLite file.
    pub(crate) async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/inventory.db?mode=rwc", folder.path().display());
        Self::open(StoreOptions::new(&url), url, Some(folder)).await
    }

    /// A shop in a new schema of the PostgreSQL server that the environment names; `None`, said aloud, without one.
    pub(crate) async fn on_postgres(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT RUN: {test} needs TEST_POSTGRES_URL (postgres://user:password@host:port/database)");
            assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_POSTGRES_URL");
            return None;
        };
        let schema = format!("api_{}", uuid::Uuid::now_v7().simple());
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path%3D{schema}");
        let options = StoreOptions { schema: Some(schema), max_connections: 4, ..StoreOptions::new(&server) };
        Some(Self::open(options, url, None).await)
    }

    async fn open(options: StoreOptions, url: String, folder: Option<tempfile::TempDir>) -> Self {
        let store = Store::open(&options).await.unwrap();
        let sample = Sample::new();
        sample.insert(&store).await;
        let config = Config {
            database_url: url,
            max_connections: 4,
            badge_resync_ms: 60_000,
            test_payments: true,
            ..Config::default()
        };
        let executor = Arc::new(connect(&config, store.clone()).executor);
        let bus = Arc::new(InProcessBus::default());
        Self { sample, store, bus, executor, config, shutdown: CancellationToken::new(), _folder: folder }
    }

    /// Whether it is on PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        self.store.engine() == selvedge_inventory::store::Engine::Postgres
    }

    /// The configuration that [`Self::start`] uses.
    pub(crate) fn config(&self) -> Config {
        self.config.clone()
    }

    /// The whole subgraph over the same database, with its background work.
    pub(crate) async fn start(&self) -> RunningSubgraph {
        self.start_with(self.config()).await
    }

    /// The whole subgraph as `config` says.
    pub(crate) async fn start_with(&self, config: Config) -> RunningSubgraph {
        self.try_start_with(config).await.unwrap()
    }

    /// The same, or why it did not start.
    pub(crate) async fn try_start_with(&self, config: Config) -> Result<RunningSubgraph, StartError> {
        let dependencies = Dependencies {
            bus: Arc::clone(&self.bus),
            refill_bus: true,
            clock: Arc::new(SystemClock),
            shutdown: self.shutdown.clone(),
        };
        start(config, dependencies).await
    }

    /// Asks the started subgraph to stop.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Changes a badge without announcing it.
    pub(crate) async fn overwrite_badge(&self, sku: &str, available: i32, revision: i64) {
        let writer = self.store.begin_write().await.unwrap();
        let changed = variant::ActiveModel {
            badge_available: Set(available),
            badge_revision: Set(revision),
            ..Default::default()
        };
        variant::Entity::update_many().set(changed).filter(variant::Column::Sku.eq(sku)).exec(&writer).await.unwrap();
        writer.commit().await.unwrap();
    }

    pub(crate) async fn insert_product(&self, row: product::Model) {
        let writer = self.store.begin_write().await.unwrap();
        product::Entity::insert(row.into_active_model().reset_all()).exec(&writer).await.unwrap();
        writer.commit().await.unwrap();
    }

    /// The data of a query by an anonymous shopper.
    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        data(&*self.executor, Identity::default(), query, variables).await
    }

    /// The data of an operation by `identity`.
    pub(crate) async fn data_for(&self, identity: Identity, query: &str, variables: Value) -> Value {
        data(&*self.executor, identity, query, variables).await
    }

    /// Code and message of the only error that a query by an anonymous shopper gets.
    pub(crate) async fn error(&self, query: &str, variables: Value) -> (String, String) {
        self.error_for(Identity::default(), query, variables).await
    }

    /// The codes by which `identity` is refused an operation for what it is; other errors may be.
    pub(crate) async fn refusals(&self, identity: Identity, query: &str) -> Vec<&'static str> {
        let response = self.executor.execute(request(identity, query, Value::Null)).await;
        let errors = serde_json::to_value(&response.errors).unwrap();
        let codes = errors.as_array().unwrap().iter().map(|error| &error["extensions"]["code"]);
        ["UNAUTHENTICATED", "FORBIDDEN"].into_iter().filter(|known| codes.clone().any(|code| code == known)).collect()
    }

    /// Code and message of the only error that an operation by `identity` gets.
    pub(crate) async fn error_for(&self, identity: Identity, query: &str, variables: Value) -> (String, String) {
        let response = self.executor.execute(request(identity, query, variables)).await;
        assert_eq!(response.errors.len(), 1, "{response:?}");
        let error = serde_json::to_value(&response.errors[0]).unwrap();
        let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        (text("/extensions/code"), text("/message"))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A request as the server hands it on.
pub(crate) fn request(identity: Identity, query: &str, variables: Value) -> Request {
    Request::new(query).variables(Variables::from_json(variables)).data(identity)
}

/// The data of an operation; it must not fail.
pub(crate) async fn data(executor: &dyn GraphqlExecutor, identity: Identity, query: &str, variables: Value) -> Value {
    let response = executor.execute(request(identity, query, variables)).await;
    assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
    response.data.into_json().unwrap()
}

/// The `field` of each event of a subscription by an anonymous shopper.
pub(crate) fn watch(
    executor: &dyn GraphqlExecutor,
    query: &str,
    variables: Value,
    field: &'static str,
) -> BoxStream<'static, Value> {
    executor
        .execute_stream(request(Identity::default(), query, variables))
        .map(move |response| {
            assert!(response.errors.is_empty(), "{:?}", response.errors);
            response.data.into_json().unwrap()[field].take()
        })
        .boxed()
}

/// Someone of the staff with `scopes`.
pub(crate) fn staff(scopes: &[&str]) -> Identity {
    Identity {
        subject: Some("staff-1".to_owned()),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        correlation_id: "correlation-1".to_owned(),
    }
}
