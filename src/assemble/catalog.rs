//! Catalogs into the inventory store.

use selvedge_inventory::{
    alert_settings,
    catalog::{CatalogLoader, GeneratedCatalog, LoadReport, PRODUCTS_PER_CHUNK, ProductDraft, SampleSize},
    command::{Caller, Commands},
    projection::LedgerCheck,
    store::{Store, StoreOptions},
};
use selvedge_kit::{clock::Clock, outbox::RelaySignal};

use super::{DataFolder, subgraphs::inventory_config};
use crate::{config::Config, console, failure::Failure};

/// The inventory store, opened by a tool.
pub(crate) struct Catalog {
    store: Store,
    commands: Commands,
    ledger_check: LedgerCheck,
}

impl Catalog {
    /// Opens the store that `config` names.
    pub(crate) async fn open(config: &Config, data: &DataFolder) -> Result<Self, Failure> {
        let own = inventory_config(config, data)?;
        let store = Store::open(&StoreOptions::of(&own)).await.map_err(|error| {
            Failure::operation("cannot open the inventory store (DATABASE_URL, else --data)", &error)
        })?;
        // Nobody relays in this process: a running subgraph finds the events in the outbox.
        let commands = Commands::new(store.clone(), RelaySignal::default(), own.low_stock_threshold);
        let ledger_check = LedgerCheck::new(store.clone(), alert_settings(&own), RelaySignal::default());
        Ok(Self { store, commands, ledger_check })
    }

    /// The store.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Changes stock, through the ledger.
    pub(crate) const fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Compares the ledger with levels.
    pub(crate) const fn ledger_check(&self) -> &LedgerCheck {
        &self.ledger_check
    }

    /// A loader whose ledger entries name `task` and `reason`.
    pub(crate) fn loader(&self, task: &str, reason: &'static str) -> CatalogLoader {
        let caller = Caller::system(task, uuid::Uuid::now_v7().to_string());
        CatalogLoader::new(self.store.clone(), self.commands.clone(), caller, reason)
    }

    /// Loads the generated catalog of `size`, with a progress bar.
    pub(crate) async fn seed(&self, size: SampleSize, clock: &dyn Clock) -> Result<LoadReport, Failure> {
        let generated = GeneratedCatalog::new(size, clock.now());
        let mut loader = self.loader("seed", "SEED");
        loader.load_locations(generated.locations()).await.map_err(|error| failed(&error))?;
        let mut products = generated.products();
        load(&loader, "sample catalog", u64::from(size.products), &mut products).await
    }

    /// Closes the store.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        self.store.close().await.map_err(|error| Failure::operation("cannot close the inventory store", &error))
    }
}

/// Loads `products` chunk by chunk, with a progress bar.
pub(crate) async fn load(
    loader: &CatalogLoader,
    what: &'static str,
    total: u64,
    products: &mut dyn Iterator<Item = ProductDraft>,
) -> Result<LoadReport, Failure> {
    let bar = console::progress(what, total);
    let mut report = LoadReport::default();
    loop {
        let chunk: Vec<ProductDraft> = products.take(PRODUCTS_PER_CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        report.add(loader.load_products(&chunk).await.map_err(|error| failed(&error))?);
        bar.inc(u64::try_from(chunk.len()).unwrap_or_default());
    }
    bar.finish_and_clear();
    Ok(report)
}

fn failed(error: &impl ToString) -> Failure {
    Failure::operation("the catalog could not be loaded", error)
}
