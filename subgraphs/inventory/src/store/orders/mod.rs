//! Rows of carts and orders. An order's row is locked before its saga, that before reservations, those before variants.

pub(crate) mod carts;
pub(crate) mod payments;
mod record;
pub(crate) mod rows;
pub(crate) mod saga;

pub use record::ORDER_CHANGED;
pub use rows::OrderRows;

use super::StoreError;

/// A column holds a name that does not exist.
fn unknown(table: &'static str, name: &str) -> StoreError {
    StoreError::Corrupt { table, reason: format!("there is no `{name}`") }
}
