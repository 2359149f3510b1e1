//! `selvedge ledger`: proving that stock is what its events say, and comparing it with what was counted.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selvedge_inventory::{
    command::Caller,
    projection::{PROJECTIONS, Projection, rebuild_projection},
    store::{
        Discrepancy,
        catalog_read::{count_events, count_variants},
    },
};

use super::reconcile;
use crate::{
    assemble::{Catalog, DataFolder, INVENTORY_FILE},
    config::{self, Environment, Purpose},
    console,
    failure::Failure,
};

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(super) enum Task {
    /// Replay the ledger and compare it with every stock level and badge; exit status 1 when they differ, and
    /// an alert for each that does.
    Verify(Options),
    /// Make stock levels and badges what the ledger says, where they are not, or one projection anew; the ledger itself
    /// never changes.
    Rebuild(Rebuild),
    /// Compare stock with a count, a CSV file with the columns sku, location and quantity; exit status 1 when they
    /// differ. With --apply, adjust it by events.
    Reconcile(reconcile::Reconcile),
}

#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Build this projection anew, beside what is served until it is as far: low_stock or movements.
    #[arg(long, value_name = "NAME", value_parser = projection_named)]
    projection: Option<&'static dyn Projection>,
    #[command(flatten)]
    options: Options,
}

fn projection_named(name: &str) -> Result<&'static dyn Projection, String> {
    let names: Vec<&str> = PROJECTIONS.iter().map(|projection| projection.name()).collect();
    let found = PROJECTIONS.into_iter().find(|projection| projection.name() == name);
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the embedded store; DATABASE_URL names another store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    pub(super) data: PathBuf,
}

/// Differences that are shown; the count says how many there are in all.
const SHOWN: usize = 50;

pub(super) async fn run(task: Task, environment: Environment) -> Result<(), Failure> {
    let options = match &task {
        Task::Verify(options) => options,
        Task::Rebuild(rebuild) => &rebuild.options,
        Task::Reconcile(reconcile) => &reconcile.options,
    };
    let config = config::load(None, &environment, Purpose::Tool)?;
    let data = DataFolder::kept(&options.data);
    if config.inventory.database_url.is_none() {
        data.require(INVENTORY_FILE)?;
    }
    let catalog = Catalog::open(&config, &data).await?;
    let done = match &task {
        Task::Verify(_) => verify_ledger(&catalog).await,
        Task::Rebuild(Rebuild { projection: Some(projection), .. }) => rebuild_one(&catalog, *projection).await,
        Task::Rebuild(_) => rebuild(&catalog).await,
        Task::Reconcile(reconcile) => reconcile::run(&catalog, reconcile).await,
    };
    let clean = done?;
    catalog.close().await?;
    if clean { Ok(()) } else { Err(Failure::CheckFailed) }
}

/// Says what differs, and whether anything does.
fn report(summary: &str, found: u64, differences: &[Discrepancy]) -> bool {
    for difference in differences.iter().take(SHOWN) {
        console::warn(format_args!("  {difference}"));
    }
    if found == 0 {
        console::say(format_args!("{summary}"));
    } else {
        console::warn(format_args!("{found} differences; {summary}"));
    }
    found == 0
}

async fn verify_ledger(catalog: &Catalog) -> Result<bool, Failure> {
    let failed = |error| Failure::operation("the ledger could not be read", &error);
    let bar = console::progress("variants", count_variants(catalog.store()).await.map_err(failed)?);
    let result = catalog.ledger_check().verify(|so_far| bar.set_position(so_far.variants)).await;
    bar.finish_and_clear();
    let result = result.map_err(failed)?;
    let behind =
        if result.behind == 0 { String::new() } else { format!(", {} projected levels behind", result.behind) };
    let verdict = if result.found == 0 { ": everything agrees" } else { "" };
    let summary =
        format!("{} events, {} levels, {} variants{behind}{verdict}", result.events, result.levels, result.variants);
    Ok(report(&summary, result.found, &result.discrepancies))
}

async fn rebuild(catalog: &Catalog) -> Result<bool, Failure> {
    let failed = |error| Failure::operation("the ledger could not be replayed", &error);
    let bar = console::progress("variants", count_variants(catalog.store()).await.map_err(failed)?);
    let caller = Caller::system("ledger rebuild", uuid::Uuid::now_v7().to_string());
    let result = catalog.commands().rebuild(&caller, |so_far| bar.set_position(so_far.variants)).await;
    bar.finish_and_clear();
    let result = result.map_err(failed)?;
    let summary = format!("{} variants: {} levels and {} badges mended", result.variants, result.levels, result.badges);
    let found = u64::try_from(result.unusable.len()).unwrap_or(u64::MAX);
    Ok(report(&summary, found, &result.unusable))
}

async fn rebuild_one(catalog: &Catalog, projection: &dyn Projection) -> Result<bool, Failure> {
    let failed = |error| Failure::operation("the projection could not be built", &error);
    let bar = console::progress("events", count_events(catalog.store()).await.map_err(failed)?);
    let taken = rebuild_projection(catalog.store(), projection, |taken| bar.set_position(taken)).await;
    bar.finish_and_clear();
    console::say(format_args!("{}: {} events taken in, and served", projection.name(), taken.map_err(failed)?));
    Ok(true)
}
