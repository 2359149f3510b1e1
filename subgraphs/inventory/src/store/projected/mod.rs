//! What is projected from the ledger: how far each projection is, and the tables that they fill.
//!
//! A projection has generations. One is served; another may be built beside it from the first event on, and is then
//! served in its place.

mod checkpoint;
mod feed;
mod levels;
mod movements;

pub use checkpoint::{Checkpoint, Lag, drop_old, ensure_serving, is_reached, lag, serving, shadow, swap};
pub(crate) use checkpoint::{lock, save};
pub use feed::OrderedEvent;
pub(crate) use feed::next_batch;
pub use levels::{LOW_STOCK, ProjectedLevel, low_stock, low_stock_cursor};
pub(crate) use levels::{add_levels, clear_levels, projected_quantities};
pub use movements::{MOVEMENTS, Movement, movements};
pub(crate) use movements::{add_movements, clear_movements};
