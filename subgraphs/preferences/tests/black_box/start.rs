//! Starting, and what stops it.

use std::sync::Arc;

use selvedge_kit::{bus::InProcessBus, clock::SystemClock, server::Dependencies};
use selvedge_preferences::{Config, start};
use tokio_util::sync::CancellationToken;

fn dependencies() -> Dependencies {
    Dependencies {
        bus: Arc::new(InProcessBus::default()),
        refill_bus: true,
        clock: Arc::new(SystemClock),
        shutdown: CancellationToken::new(),
    }
}

#[tokio::test]
async fn the_default_configuration_starts_in_memory_embedded() {
    let dependencies = dependencies();
    let shutdown = dependencies.shutdown.clone();
    let running = start(Config::default(), dependencies).await.unwrap();
    assert_eq!(running.name, "preferences");
    assert_eq!(running.sdl, selvedge_preferences::sdl());
    assert!(running.readiness.failures().is_empty());
    shutdown.cancel();
    for task in running.tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_work_is_said_with_its_key() {
    let config = Config { store_url: "mysql://root:secret@localhost/x".to_owned(), ..Config::default() };
    let error = start(config, dependencies()).await.err().unwrap().to_string();
    assert!(error.contains("`mysql` is no store") && !error.contains("secret"), "{error}");
    let config = Config { sweep_interval_s: 0, ..Config::default() };
    let error = start(config, dependencies()).await.err().unwrap().to_string();
    assert_eq!(error, "`preferences.sweep_interval_s` is 0, it must be at least 1");
}
