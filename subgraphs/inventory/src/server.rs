//! Starting the subgraph: the API and the work behind it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use selvedge_kit::{
    bus::{EventBus, Topic},
    clock::Clock,
    outbox::{Relay, RelaySignal},
    server::{Dependencies, Readiness, RunningSubgraph},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    command::{
        Commands,
        catalog::run_publisher,
        order::{Orders, run_sagas},
        run_expirer, run_sale_attempts,
        waitlist::{Waitlist, WaitlistSettings, run_waitlist},
    },
    config::Config,
    domain::alert::AlertSettings,
    error::StoreError,
    graphql::{InventoryExecutor, Parts, sdl},
    notify::{LogNotifier, Notifier, WebhookError, WebhookNotifier},
    payment::{PaymentProvider, TestProvider},
    projection::{AlertFeed, BadgeFeed, LedgerCheck, Reactions, run_projections},
    store::{Store, StoreOptions, outbox::StoreOutbox, run_pruner},
};

/// The name of this subgraph.
const NAME: &str = "inventory";
/// How often dependencies are asked whether they are usable.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How often is looked for what begins or ends to be published.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(500);
/// How long a dependency may take to say so.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the subgraph could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration cannot be worked with.
    #[error("`{key}` of inventory is {value}, it must be at least 1")]
    Configuration {
        /// The key.
        key: &'static str,
        /// Its value.
        value: u64,
    },
    /// Those who wait could not be told.
    #[error("`waitlist` of inventory: {0}")]
    Webhook(#[from] WebhookError),
    /// The store could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The API over an opened store, without work in the background: nothing expires, and changes are announced to nobody.
pub struct Connected {
    /// Runs operations.
    pub executor: InventoryExecutor,
    /// Changes stock.
    pub commands: Commands,
    /// Takes, places and changes orders.
    pub orders: Orders,
    /// Brings badges to their watchers, once it is run.
    pub badges: BadgeFeed,
    /// Brings alerts to their watchers, once it is run.
    pub alerts: AlertFeed,
    /// Reacts to changes of stock, once it is run.
    pub reactions: Reactions,
    /// Compares the ledger with levels, once it is run.
    pub ledger_check: LedgerCheck,
    /// Rung after every change.
    pub signal: RelaySignal,
}

/// Connects the API with `store`.
#[must_use]
pub fn connect(config: &Config, store: Store) -> Connected {
    let signal = RelaySignal::default();
    let settings = alert_settings(config);
    let commands = Commands::new(store.clone(), signal.clone(), config.low_stock_threshold);
    let commands = commands.with_alerts(settings.clone());
    let provider = || -> Arc<dyn PaymentProvider> { Arc::new(TestProvider::new(store.clone())) };
    let orders = Orders::new(commands.clone(), config.test_payments.then(provider));
    let badges = BadgeFeed::new(store.clone());
    let alerts = AlertFeed::new(store.clone());
    let reactions = Reactions::new(store.clone(), settings.clone(), signal.clone());
    let ledger_check = LedgerCheck::new(store.clone(), settings, signal.clone());
    let parts = Parts {
        store,
        commands: commands.clone(),
        orders: orders.clone(),
        badges: badges.clone(),
        alerts: alerts.clone(),
    };
    let executor = InventoryExecutor::new(parts);
    Connected { executor, commands, orders, badges, alerts, reactions, ledger_check, signal }
}

fn waitlist(
    config: &Config,
    (store, signal): (&Store, &RelaySignal),
    clock: Arc<dyn Clock>,
) -> Result<Waitlist, WebhookError> {
    let own = &config.waitlist;
    let notifier: Arc<dyn Notifier> = match &own.webhook_url {
        Some(url) => Arc::new(WebhookNotifier::new(url, own.webhook_secret.as_deref().unwrap_or_default(), clock)?),
        None => Arc::new(LogNotifier),
    };
    let offer_for = TimeDelta::seconds(own.offer_seconds.into());
    let settings = WaitlistSettings { offer_for, ..WaitlistSettings::default() };
    Ok(Waitlist::new(store.clone(), signal.clone(), notifier, settings))
}

/// What of `config` says what is worth an alert.
#[must_use]
pub fn alert_settings(config: &Config) -> AlertSettings {
    let own = &config.alerts;
    AlertSettings {
        threshold: own.threshold.unwrap_or(config.low_stock_threshold),
        location_threshold: own.location_threshold,
        clear_margin: own.clear_margin,
        reopen_within: TimeDelta::seconds(own.reopen_seconds.into()),
        attempts_threshold: own.sale_attempts.max(1).into(),
        anomalies: own.anomalies.clone(),
    }
}

/// Opens the store, brings its schema up to date, and starts everything: the API, the relay of the outbox, the end of
/// reservations, the feed of badges, and the watch over dependencies.
///
/// # Errors
///
/// When the configuration cannot be worked with, or the store cannot be opened.
pub async fn start(config: Config, dependencies: Dependencies) -> Result<RunningSubgraph, StartError> {
    check(&config)?;
    let store = Store::open(&StoreOptions::of(&config)).await?;
    let Connected { executor, commands, orders, badges, alerts, reactions, ledger_check, signal } =
        connect(&config, store.clone());
    let Dependencies { bus, shutdown, clock, .. } = dependencies;
    let waitlist = waitlist(&config, (&store, &signal), clock)?;
    let readiness = Readiness::default();
    let relay = Relay {
        outbox: Arc::new(StoreOutbox::new(store.clone())),
        bus: Arc::clone(&bus),
        topic: Topic(NAME),
        signal,
        // Whoever follows this topic begins with a snapshot of the catalog or the badges, so what was published before
        // this process started tells nothing new.
        refill: false,
    };
    let resync = Duration::from_millis(config.badge_resync_ms);
    let order_interval = Duration::from_millis(config.order_interval_ms);
    let expiry_interval = Duration::from_millis(config.expiry_interval_ms);
    check_dependencies(&store, &*bus, &readiness).await;
    let tasks = vec![
        tokio::spawn(relay.run(shutdown.clone())),
        tokio::spawn(badges.run(Arc::clone(&bus), resync, shutdown.clone())),
        tokio::spawn(alerts.run(Arc::clone(&bus), resync, shutdown.clone())),
        tokio::spawn(reactions.run(shutdown.clone())),
        tokio::spawn(ledger_check.run(shutdown.clone())),
        tokio::spawn(run_waitlist(waitlist, shutdown.clone())),
        tokio::spawn(run_sale_attempts(commands.clone(), shutdown.clone())),
        tokio::spawn(run_publisher(commands.clone(), PUBLISH_INTERVAL, shutdown.clone())),
        tokio::spawn(run_expirer(commands, expiry_interval, shutdown.clone())),
        tokio::spawn(run_sagas(orders, order_interval, shutdown.clone())),
        tokio::spawn(run_pruner(store.clone(), shutdown.clone())),
        tokio::spawn(run_projections(store.clone(), shutdown.clone())),
        watch_dependencies(store, bus, readiness.clone(), shutdown),
    ];
    Ok(RunningSubgraph { name: NAME, sdl: sdl(), executor: Arc::new(executor), readiness, tasks })
}

fn check(config: &Config) -> Result<(), StartError> {
    for (key, value) in [
        ("max_connections", u64::from(config.max_connections)),
        ("badge_resync_ms", config.badge_resync_ms),
        ("expiry_interval_ms", config.expiry_interval_ms),
        ("order_interval_ms", config.order_interval_ms),
    ] {
        if value == 0 {
            return Err(StartError::Configuration { key, value });
        }
    }
    Ok(())
}

fn watch_dependencies(
    store: Store,
    bus: Arc<dyn EventBus>,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let watching = async {
            let mut ticks = interval(CHECK_INTERVAL);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                check_dependencies(&store, &*bus, &readiness).await;
            }
        };
        shutdown.run_until_cancelled(watching).await;
    })
}

async fn check_dependencies(store: &Store, bus: &dyn EventBus, readiness: &Readiness) {
    let late = |_| format!("no answer within {} ms", CHECK_TIMEOUT.as_millis());
    let (database, events) = tokio::join!(timeout(CHECK_TIMEOUT, store.check()), timeout(CHECK_TIMEOUT, bus.check()));
    readiness.set("database", database.map_err(late).and_then(|state| state.map_err(|error| error.to_string())));
    readiness.set("event bus", events.map_err(late).and_then(|state| state.map_err(|error| error.to_string())));
}
