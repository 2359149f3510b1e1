//! The engines that every test runs on.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt;
use selvedge_preferences::store::{CustomerStore, MongodbStore, OpenOptions, open};
use tempfile::TempDir;
use tokio::task::AbortHandle;

/// An empty store of one engine, for one test.
pub(crate) struct Engine {
    pub(crate) store_url: String,
    pub(crate) database: String,
    /// Background work of the subgraphs that were started on it.
    tasks: Mutex<Vec<AbortHandle>>,
    _folder: Option<TempDir>,
}

impl Engine {
    /// Has `tasks` stopped before the store is removed, which they would make anew.
    pub(crate) fn stop_at_end(&self, tasks: impl IntoIterator<Item = AbortHandle>) {
        self.tasks.lock().unwrap().extend(tasks);
    }

    fn embedded() -> Self {
        let folder = TempDir::new().unwrap();
        let store_url = format!("sqlite://{}?mode=rwc", folder.path().join("preferences.db").display());
        Self { store_url, database: String::new(), tasks: Mutex::default(), _folder: Some(folder) }
    }

    fn mongodb(test: &str) -> Option<Self> {
        if let Ok(store_url) = std::env::var("TEST_MONGODB_URI") {
            let database = format!("prefs_{}", uuid::Uuid::new_v4().simple());
            return Some(Self { store_url, database, tasks: Mutex::default(), _folder: None });
        }
        println!(
            "NOT RUN: {test} needs TEST_MONGODB_URI (start `mongod`, or FerretDB 1.x over PostgreSQL, then set it to \
             mongodb://127.0.0.1:27017)"
        );
        assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs TEST_MONGODB_URI");
        None
    }

    pub(crate) async fn open(&self) -> Arc<dyn CustomerStore> {
        let options = OpenOptions { store_url: &self.store_url, database: &self.database, max_connections: 8 };
        open(options).await.unwrap()
    }

    async fn remove(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        for task in tasks {
            task.abort();
            while !task.is_finished() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        MongodbStore::open(&self.store_url, &self.database, 1).await.unwrap().drop_database().await.unwrap();
    }
}

pub(crate) async fn on_embedded<F: Future<Output = ()>>(test: impl FnOnce(Arc<Engine>) -> F) {
    test(Arc::new(Engine::embedded())).await;
}

/// Runs `test` on a database of its own, which is dropped however the test ends.
pub(crate) async fn on_mongodb<F: Future<Output = ()>>(name: &str, test: impl FnOnce(Arc<Engine>) -> F) {
    let Some(engine) = Engine::mongodb(name) else { return };
    let engine = Arc::new(engine);
    let outcome = AssertUnwindSafe(test(Arc::clone(&engine))).catch_unwind().await;
    engine.remove().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// Makes of each `async fn(Arc<Engine>)` one test per engine.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::engines::on_embedded(super::$name).await;
                }
            )+
        }
        mod mongodb {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    crate::engines::on_mongodb(concat!(module_path!(), "::", stringify!($name)), super::$name).await;
                }
            )+
        }
    };
}

pub(crate) use on_both_engines;
