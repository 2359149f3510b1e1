//! `selvedge import`: real catalogs in.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use selvedge_inventory::catalog::{
    ImportOptions, InventoryReading, LocationDraft, LocationKind, ProductReading, RejectedRow, read_inventory,
    read_products,
};
use selvedge_kit::clock::{Clock, SystemClock};

use crate::{
    assemble::{self, Catalog, DataFolder},
    config::{self, Environment, Purpose},
    console,
    failure::Failure,
};

/// Where the catalog comes from.
#[derive(Debug, Subcommand)]
pub(super) enum Source {
    /// Shopify's CSV export: products with variants, options, images and quantities.
    ///
    /// Rows that cannot be used are reported and left out. Importing a file again updates what is there: products are
    /// known by handle, variants by SKU. A running shop shows the change at once.
    Shopify(Shopify),
}

#[derive(Debug, Args)]
pub(super) struct Shopify {
    /// The product export.
    products: PathBuf,
    /// The inventory export, with quantities per location; it wins over the quantities of the product file.
    inventory: Option<PathBuf>,
    /// Currency of the prices, which the file does not say.
    #[arg(long, default_value = "USD", value_parser = currency)]
    currency: String,
    /// Code of the location that gets the quantities of the product file.
    #[arg(long, default_value = "MAIN", value_name = "CODE")]
    location: String,
    /// Read and report, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Folder of the embedded store; DATABASE_URL names another store.
    #[arg(long, value_name = "DIR", default_value = "selvedge-data")]
    data: PathBuf,
}

/// Rejected rows that are shown; the count says how many there are in all.
const SHOWN_ROWS: usize = 20;

fn currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("expected an ISO 4217 code such as USD or EUR".to_owned())
    }
}

pub(super) async fn run(source: Source, environment: Environment) -> Result<(), Failure> {
    let Source::Shopify(options) = source;
    let (mut products, inventory) = read(&options)?;
    report_reading(&products, inventory.as_ref());
    if options.dry_run {
        return Ok(());
    }
    let config = config::load(None, &environment, Purpose::Tool)?;
    let catalog = Catalog::open(&config, &DataFolder::kept(&options.data)).await?;
    let mut loader = catalog.loader("import shopify", "IMPORT");
    loader
        .load_locations(&locations(&options, inventory.as_ref()))
        .await
        .map_err(|error| Failure::operation("the locations could not be loaded", &error))?;
    if let Some(inventory) = inventory {
        place(&mut products, inventory);
    }
    let total = u64::try_from(products.products.len()).unwrap_or_default();
    let report = assemble::load(&loader, "products", total, &mut products.products.into_iter()).await?;
    catalog.close().await?;
    console::say(format_args!(
        "{} products created, {} updated; {} variants, {} stock levels",
        report.products_created, report.products_updated, report.variants, report.levels
    ));
    for (sku, reason) in report.rejected.iter().take(SHOWN_ROWS) {
        console::warn(format_args!("  SKU {sku}: {reason}"));
    }
    Ok(())
}

fn read(options: &Shopify) -> Result<(ProductReading, Option<InventoryReading>), Failure> {
    let reading = ImportOptions {
        currency_code: options.currency.clone(),
        location_code: options.location.clone(),
        imported_at: SystemClock.now(),
    };
    let bytes = fs::metadata(&options.products).map_or(0, |metadata| metadata.len());
    let bar = console::progress("reading", bytes);
    let products = read_products(&options.products, &reading, |position| bar.set_position(position));
    bar.finish_and_clear();
    let products = products.map_err(|error| Failure::Usage(error.to_string()))?;
    let inventory = match &options.inventory {
        Some(path) => Some(read_inventory(path).map_err(|error| Failure::Usage(error.to_string()))?),
        None => None,
    };
    Ok((products, inventory))
}

fn report_reading(products: &ProductReading, inventory: Option<&InventoryReading>) {
    console::say(format_args!(
        "{} rows read: {} products, {} rows left out",
        products.rows,
        products.products.len(),
        products.rejected.len()
    ));
    show(&products.rejected);
    if let Some(inventory) = inventory {
        console::say(format_args!(
            "{} inventory rows read: {} levels at {} locations, {} rows left out",
            inventory.rows,
            inventory.levels.len(),
            inventory.locations.len(),
            inventory.rejected.len()
        ));
        show(&inventory.rejected);
    }
}

fn show(rejected: &[RejectedRow]) {
    for row in rejected.iter().take(SHOWN_ROWS) {
        let handle = row.handle.as_deref().unwrap_or("-");
        console::warn(format_args!("  line {} ({handle}): {}", row.line, row.reason));
    }
    if let Some(more) = rejected.len().checked_sub(SHOWN_ROWS).filter(|more| *more > 0) {
        console::warn(format_args!("  … and {more} more"));
    }
}

fn locations(options: &Shopify, inventory: Option<&InventoryReading>) -> Vec<LocationDraft> {
    let main = LocationDraft {
        code: options.location.clone(),
        name: options.location.clone(),
        kind: LocationKind::Warehouse,
        city: String::new(),
        country_code: String::new(),
        priority: 1,
    };
    let mut locations = inventory.map(|inventory| inventory.locations.clone()).unwrap_or_default();
    if !locations.iter().any(|location| location.code == main.code) {
        locations.push(main);
    }
    locations
}

/// Puts the levels of the inventory file onto the variants; what it says of a variant replaces the product file's sum.
fn place(products: &mut ProductReading, inventory: InventoryReading) {
    let mut by_sku: std::collections::HashMap<String, Vec<_>> = std::collections::HashMap::new();
    for (sku, level) in inventory.levels {
        by_sku.entry(sku).or_default().push(level);
    }
    for variant in products.products.iter_mut().flat_map(|product| &mut product.variants) {
        if let Some(levels) = by_sku.remove(&variant.sku) {
            variant.levels = levels;
        }
    }
    let mut unknown: Vec<String> = by_sku.into_keys().collect();
    unknown.sort();
    for sku in unknown.iter().take(SHOWN_ROWS) {
        console::warn(format_args!("  SKU {sku} of the inventory file is not in the product file"));
    }
}
