//! Reading Shopify's product and inventory CSV files.
//!
//! The format is described in Shopify's help centre ("Using CSV files to import and export products", "Exporting or
//! importing inventory with a CSV file"). Rows of one product share a handle; cells left blank repeat the first row;
//! a row may carry only an image. Both the column names used until 2024 (`Handle`, `Variant SKU`) and the newer ones
//! (`URL handle`, `SKU`) are understood. A row that cannot be used is reported and left out; it never stops the file.

mod columns;
mod infer;
mod inventory;
mod money;
mod opening;
mod product;
mod reading;
mod report;
mod text;

pub use inventory::{InventoryReading, read_inventory};
pub use reading::{ImportOptions, ProductReading, read_products};
pub use report::{ImportError, RejectedRow};
