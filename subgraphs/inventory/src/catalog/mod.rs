//! Catalogs from outside the graph: the generated sample catalog, Shopify exports, and loading either into the store.
//!
//! `generate` and `shopify` make drafts and know no database; `load` writes drafts.

mod counts;
mod draft;
mod generate;
mod load;
mod shopify;
mod slug;

pub use counts::{CountsReading, KnownLocations, read_counts};
pub use draft::{
    CatalogDraft, ImageDraft, LevelDraft, LocationDraft, LocationKind, OptionDraft, ProductDraft, StockPolicy,
    VariantDraft,
};
pub use generate::{GeneratedCatalog, LOCATIONS_MIN, SampleSize};
pub use load::{CatalogLoader, LoadReport, PRODUCTS_PER_CHUNK, count_products};
pub use shopify::{
    ImportError, ImportOptions, InventoryReading, ProductReading, RejectedRow, read_inventory, read_products,
};
