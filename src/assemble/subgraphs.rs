//! Starting each subgraph from the configuration.

use std::{fs::File, time::Duration};

use clap::ValueEnum;
use selvedge_kit::{
    client::SubgraphClient,
    server::{Dependencies, RunningSubgraph},
};
use tokio::task::JoinHandle;

use super::DataFolder;
use crate::{config::Config, failure::Failure};

/// How long background work may take to end after shutdown was asked for.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The three subgraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SubgraphName {
    /// Catalog, stock, reservations.
    Inventory,
    /// Customers, wishlists, behaviour, consent.
    Preferences,
    /// Feeds and similar products.
    Recommendation,
}

impl SubgraphName {
    /// All of them, in the order in which they start.
    pub(crate) const ALL: [Self; 3] = [Self::Inventory, Self::Preferences, Self::Recommendation];

    /// Its name in the graph.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Preferences => "preferences",
            Self::Recommendation => "recommendation",
        }
    }

    /// Where it listens unless told otherwise.
    pub(crate) const fn default_address(self) -> &'static str {
        match self {
            Self::Inventory => "127.0.0.1:4001",
            Self::Preferences => "127.0.0.1:4002",
            Self::Recommendation => "127.0.0.1:4003",
        }
    }

    /// Its schema.
    pub(crate) fn sdl(self) -> String {
        match self {
            Self::Inventory => selvedge_inventory::sdl(),
            Self::Preferences => selvedge_preferences::sdl(),
            Self::Recommendation => selvedge_recommendation::sdl(),
        }
    }
}

/// The embedded store of inventory.
pub(crate) const INVENTORY_FILE: &str = "inventory.db";
/// The embedded store of preferences.
pub(crate) const PREFERENCES_FILE: &str = "preferences.db";

/// Keeps an embedded store to this process where processes share no bus.
fn claim(embedded: bool, data: &DataFolder, name: &str, shared: &Dependencies) -> Result<Option<File>, Failure> {
    if embedded && shared.refill_bus { data.claim(name).map(Some) } else { Ok(None) }
}

/// Holds `claim` until the subgraph's background work has ended.
fn hold(claim: Option<File>, subgraph: &mut RunningSubgraph) {
    let Some(task) = subgraph.tasks.pop() else { return };
    subgraph.tasks.push(tokio::spawn(async move {
        let ended = task.await;
        drop(claim);
        if let Err(error) = ended {
            tracing::error!(%error, "background work has failed");
        }
    }));
}

/// The inventory configuration, with the embedded store in `data` where no other is named.
pub(crate) fn inventory_config(config: &Config, data: &DataFolder) -> Result<selvedge_inventory::Config, Failure> {
    Ok(selvedge_inventory::Config {
        database_url: url_or(config.inventory.database_url.as_ref(), data, INVENTORY_FILE)?,
        max_connections: config.inventory.max_connections,
        idle_transaction_seconds: config.inventory.idle_transaction_seconds,
        low_stock_threshold: config.inventory.low_stock_threshold,
        // The only provider there is; the configuration refuses it elsewhere.
        test_payments: config.gateway.is_development(),
        alerts: config.inventory.alerts.own(),
        waitlist: config.inventory.waitlist.own(),
        ..selvedge_inventory::Config::default()
    })
}

/// The preferences configuration, with the embedded store in `data` where no other is named.
pub(crate) fn preferences_config(config: &Config, data: &DataFolder) -> Result<selvedge_preferences::Config, Failure> {
    Ok(selvedge_preferences::Config {
        store_url: url_or(config.preferences.store_url.as_ref(), data, PREFERENCES_FILE)?,
        database: config.preferences.database.clone(),
        behaviour_retention_days: config.preferences.behaviour_retention_days,
        ..selvedge_preferences::Config::default()
    })
}

fn url_or(named: Option<&String>, data: &DataFolder, file: &str) -> Result<String, Failure> {
    named.map_or_else(|| data.sqlite_url(file), |url| Ok(url.clone()))
}

/// Starts inventory.
pub(crate) async fn inventory(
    config: &Config,
    data: &DataFolder,
    dependencies: Dependencies,
) -> Result<RunningSubgraph, Failure> {
    let own = inventory_config(config, data)?;
    let claim = claim(config.inventory.database_url.is_none(), data, INVENTORY_FILE, &dependencies)?;
    let mut started = selvedge_inventory::start(own, dependencies)
        .await
        .map_err(|error| Failure::operation("inventory did not start", &error))?;
    hold(claim, &mut started);
    Ok(started)
}

/// Starts preferences.
pub(crate) async fn preferences(
    config: &Config,
    data: &DataFolder,
    dependencies: Dependencies,
) -> Result<RunningSubgraph, Failure> {
    let own = preferences_config(config, data)?;
    let claim = claim(config.preferences.store_url.is_none(), data, PREFERENCES_FILE, &dependencies)?;
    let mut started = selvedge_preferences::start(own, dependencies)
        .await
        .map_err(|error| Failure::operation("preferences did not start", &error))?;
    hold(claim, &mut started);
    Ok(started)
}

/// Starts recommendation, which asks `inventory` for the catalog.
pub(crate) async fn recommendation(
    dependencies: Dependencies,
    inventory: SubgraphClient,
) -> Result<RunningSubgraph, Failure> {
    selvedge_recommendation::start(selvedge_recommendation::Config::default(), dependencies, inventory)
        .await
        .map_err(|error| Failure::operation("recommendation did not start", &error))
}

/// Waits for background work to end after shutdown was asked for.
pub(crate) async fn join(tasks: Vec<JoinHandle<()>>) {
    let ended = tokio::time::timeout(JOIN_TIMEOUT, futures::future::join_all(tasks)).await;
    if ended.is_err() {
        tracing::warn!("background work was still running {} s after shutdown", JOIN_TIMEOUT.as_secs());
    }
}
