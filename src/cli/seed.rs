//! `selvedge seed`: the generated catalog.

use std::path::PathBuf;

use clap::Args;
use selvedge_inventory::catalog::{LOCATIONS_MIN, SampleSize};
use selvedge_kit::clock::SystemClock;

use crate::{
    assemble::{Catalog, DataFolder},
    config::{self, Environment, Purpose},
    console,
    failure::Failure,
};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many products; each has about seventeen variants.
    #[arg(long, default_value_t = SampleSize::default().products, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    products: u32,
    /// How many warehouses and stores; each variant lies at up to six of them.
    #[arg(long, default_value_t = LOCATIONS_MIN, value_parser = clap::value_parser!(u32).range(i64::from(LOCATIONS_MIN)..=10_000))]
    locations: u32,
    /// Another seed gives another catalog.
    #[arg(long, default_value_t = SampleSize::default().seed)]
    seed: u64,
    /// Folder of the embedded store; DATABASE_URL names another store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
}

pub(super) async fn run(options: Options, environment: Environment) -> Result<(), Failure> {
    let config = config::load(None, &environment, Purpose::Tool)?;
    let catalog = Catalog::open(&config, &DataFolder::kept(&options.data)).await?;
    let size = SampleSize { products: options.products, locations: options.locations, seed: options.seed };
    let report = catalog.seed(size, &SystemClock).await?;
    catalog.close().await?;
    console::say(format_args!(
        "{} products created, {} updated; {} variants, {} stock levels",
        report.products_created, report.products_updated, report.variants, report.levels
    ));
    Ok(())
}
