//! `selvedge ledger`: proving that stock is what its events say.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selvedge_inventory::{
    command::Caller,
    store::{Discrepancy, verify},
};

use crate::{
    assemble::{Catalog, DataFolder, INVENTORY_FILE},
    config::{self, Environment, Purpose},
    console,
    failure::Failure,
};

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Replay the ledger and compare it with every stock level and badge; exit status 1 when they differ.
    Verify(Options),
    /// Make stock levels and badges what the ledger says, where they are not; the ledger itself never changes.
    Rebuild(Options),
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the embedded store; DATABASE_URL names another store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
}

/// Differences that are shown; the count says how many there are in all.
const SHOWN: usize = 50;

pub(super) async fn run(task: Task, environment: Environment) -> Result<(), Failure> {
    let (Task::Verify(options) | Task::Rebuild(options)) = &task;
    let config = config::load(None, &environment, Purpose::Tool)?;
    let data = DataFolder::kept(&options.data);
    if config.inventory.database_url.is_none() {
        data.require(INVENTORY_FILE)?;
    }
    let catalog = Catalog::open(&config, &data).await?;
    let spinner = console::spinner("replaying the ledger");
    let done = match &task {
        Task::Verify(_) => verify_ledger(&catalog).await,
        Task::Rebuild(_) => rebuild(&catalog).await,
    };
    spinner.finish_and_clear();
    let (summary, differences) = done?;
    catalog.close().await?;
    for difference in differences.iter().take(SHOWN) {
        console::warn(format_args!("  {difference}"));
    }
    if differences.is_empty() {
        console::say(format_args!("{summary}"));
        Ok(())
    } else {
        console::warn(format_args!("{} differences; {summary}", differences.len()));
        Err(Failure::CheckFailed)
    }
}

async fn verify_ledger(catalog: &Catalog) -> Result<(String, Vec<Discrepancy>), Failure> {
    let result = verify(catalog.store()).await;
    let result = result.map_err(|error| Failure::operation("the ledger could not be read", &error))?;
    let verdict = if result.discrepancies.is_empty() { ": everything agrees" } else { "" };
    let summary = format!("{} events, {} levels, {} variants{verdict}", result.events, result.levels, result.variants);
    Ok((summary, result.discrepancies))
}

async fn rebuild(catalog: &Catalog) -> Result<(String, Vec<Discrepancy>), Failure> {
    let result = catalog.commands().rebuild(&Caller::system("ledger rebuild", uuid::Uuid::now_v7().to_string())).await;
    let result = result.map_err(|error| Failure::operation("the ledger could not be replayed", &error))?;
    let summary = format!("{} variants: {} levels and {} badges mended", result.variants, result.levels, result.badges);
    Ok((summary, result.unusable))
}
