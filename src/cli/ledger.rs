//! `selvedge ledger`: proving that stock is what its events say.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selvedge_inventory::store::verify;

use crate::{
    assemble::{Catalog, DataFolder},
    config::{self, Environment},
    console,
    failure::Failure,
};

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Replay the ledger and compare it with every stock level and badge; exit status 1 when they differ.
    Verify(Options),
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the embedded store; DATABASE_URL names another store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
}

/// Differences that are shown; the count says how many there are in all.
const SHOWN: usize = 50;

pub(super) async fn run(task: Task, mut environment: Environment) -> Result<(), Failure> {
    environment.set_default("SELVEDGE_MODE", "development");
    let Task::Verify(options) = task;
    let config = config::load(None, &environment)?;
    let catalog = Catalog::open(&config, &DataFolder::kept(&options.data)?).await?;
    let spinner = console::spinner("replaying the ledger");
    let result = verify(catalog.store()).await;
    spinner.finish_and_clear();
    let result = result.map_err(|error| Failure::operation("the ledger could not be read", &error))?;
    catalog.close().await?;
    for difference in result.discrepancies.iter().take(SHOWN) {
        console::warn(format_args!("  {difference:?}"));
    }
    let (events, levels, variants) = (result.events, result.levels, result.variants);
    if result.discrepancies.is_empty() {
        console::say(format_args!("{events} events, {levels} levels, {variants} variants: everything agrees"));
        Ok(())
    } else {
        let count = result.discrepancies.len();
        console::warn(format_args!("{count} differences in {events} events, {levels} levels, {variants} variants"));
        Err(Failure::CheckFailed)
    }
}
