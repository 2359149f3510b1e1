//! The parts put together.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use selvedge_kit::{
    bus::{EventBus, Topic},
    outbox::{Outbox, Relay, RelaySignal},
    server::{Dependencies, Readiness, RunningSubgraph},
};
use tokio_util::sync::CancellationToken;

use crate::{
    announce::EventIds,
    command::Customers,
    config::Config,
    error::StartError,
    graphql::{self, ScopedExecutor, Services},
    intake::Intake,
    privacy::{Privacy, Sweeper},
    store::{CustomerStore, OpenOptions, StoreOutbox, open},
};

/// The topic of everything that this subgraph tells.
pub const TOPIC: Topic = Topic("preferences");

/// Starts the subgraph: opens the store, starts the relay, the sweeper and the look at its health.
///
/// # Errors
///
/// When the configuration is out of range or the store cannot be opened.
pub async fn start(config: Config, dependencies: Dependencies) -> Result<RunningSubgraph, StartError> {
    check(&config)?;
    let options = OpenOptions {
        store_url: &config.store_url,
        database: &config.database,
        max_connections: config.max_connections,
    };
    let store = open(options).await?;
    let ids = Arc::new(EventIds::new(Arc::clone(&dependencies.clock)));
    let signal = RelaySignal::default();
    let customers = Customers::new(Arc::clone(&store), Arc::clone(&ids), signal.clone());
    let privacy = Privacy::new(Arc::clone(&store), customers.clone());
    let retention = TimeDelta::days(i64::from(config.behaviour_retention_days));
    let intake = Intake { store: Arc::clone(&store), ids, signal: signal.clone(), retention };
    let schema =
        graphql::with_services(Services { customers, privacy: privacy.clone(), intake, store: Arc::clone(&store) });
    let outbox = Arc::new(StoreOutbox::new(Arc::clone(&store), Arc::clone(&dependencies.clock)));
    let relay = Relay {
        outbox: Arc::clone(&outbox) as Arc<dyn Outbox>,
        bus: Arc::clone(&dependencies.bus),
        topic: TOPIC,
        signal,
        refill: dependencies.refill_bus,
    };
    let sweeper = Sweeper {
        store: Arc::clone(&store),
        privacy,
        clock: Arc::clone(&dependencies.clock),
        interval: Duration::from_secs(config.sweep_interval_s),
    };
    let readiness = Readiness::default();
    let health = Health { store: Arc::clone(&store), bus: dependencies.bus, readiness: readiness.clone() };
    health.look().await;
    tracing::info!(engine = store.engine(), "subgraph `preferences` has started");
    let shutdown = dependencies.shutdown;
    let tasks = vec![
        tokio::spawn(relay_until(relay, outbox, shutdown.clone())),
        tokio::spawn(sweeper.run(shutdown.clone())),
        tokio::spawn(health.run(Duration::from_secs(config.health_interval_s), shutdown)),
    ];
    let executor = Arc::new(ScopedExecutor::new(schema, store));
    Ok(RunningSubgraph { name: "preferences", sdl: graphql::sdl(), executor, readiness, tasks })
}

/// Relays until `shutdown`, then leaves the outbox to the next process.
async fn relay_until(relay: Relay, outbox: Arc<StoreOutbox>, shutdown: CancellationToken) {
    relay.run(shutdown).await;
    if let Err(error) = outbox.release().await {
        tracing::warn!(%error, "the lease of the outbox could not be given back; the next relay waits until it ends");
    }
}

fn check(config: &Config) -> Result<(), StartError> {
    let least = [
        ("behaviour_retention_days", u64::from(config.behaviour_retention_days)),
        ("sweep_interval_s", config.sweep_interval_s),
        ("health_interval_s", config.health_interval_s),
        ("max_connections", u64::from(config.max_connections)),
    ];
    match least.into_iter().find(|(_, given)| *given == 0) {
        Some((key, given)) => Err(StartError::Config { key, given }),
        None => Ok(()),
    }
}

/// Looks whether store and bus can be used.
struct Health {
    store: Arc<dyn CustomerStore>,
    bus: Arc<dyn EventBus>,
    readiness: Readiness,
}

impl Health {
    async fn run(self, interval: Duration, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(interval) => self.look().await,
            }
        }
    }

    async fn look(&self) {
        self.readiness.set("store", self.store.check().await.map_err(|error| error.to_string()));
        self.readiness.set("bus", self.bus.check().await.map_err(|error| error.to_string()));
    }
}
