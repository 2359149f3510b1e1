//! Products, locations and quantities as they come from outside, before they have ids.

use chrono::{DateTime, Utc};

/// A whole catalog.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogDraft {
    /// Where stock is kept.
    pub locations: Vec<LocationDraft>,
    /// What is sold.
    pub products: Vec<ProductDraft>,
}

/// A place that keeps stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationDraft {
    /// Short unique name, such as `LIS-01`.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// What kind of place.
    pub kind: LocationKind,
    /// City.
    pub city: String,
    /// ISO 3166-1 alpha-2.
    pub country_code: String,
    /// Lower is asked first when stock is reserved.
    pub priority: i32,
}

/// What kind of place keeps stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationKind {
    /// Ships parcels.
    Warehouse,
    /// Sells over the counter.
    Store,
}

impl LocationKind {
    /// The value in the database and in the graph.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warehouse => "WAREHOUSE",
            Self::Store => "STORE",
        }
    }
}

/// One product with its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductDraft {
    /// Unique name in URLs.
    pub handle: String,
    /// Name for people.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Brand.
    pub vendor: String,
    /// Garment category, such as `Shirts`.
    pub category: String,
    /// Names of the nodes of the tree of categories, from the top down; empty when that is not known.
    pub taxonomy: Vec<String>,
    /// `women`, `men` or `unisex`.
    pub gender: Option<String>,
    /// Main fabric.
    pub material: Option<String>,
    /// Style, such as `minimal`.
    pub style: Option<String>,
    /// Occasion, such as `work`.
    pub occasion: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// At most three, in order.
    pub options: Vec<OptionDraft>,
    /// In order.
    pub images: Vec<ImageDraft>,
    /// At least one.
    pub variants: Vec<VariantDraft>,
    /// Whether shoppers see it.
    pub published: bool,
    /// Lower comes first among the featured.
    pub featured_rank: i32,
    /// When it was added to the catalog.
    pub created_at: DateTime<Utc>,
}

/// An option such as size, with its values in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDraft {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageDraft {
    /// Where it is.
    pub url: String,
    /// What it shows.
    pub alt_text: Option<String>,
}

/// What happens when nothing is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StockPolicy {
    /// It cannot be ordered.
    #[default]
    Deny,
    /// It can be ordered and ships when it is back.
    Backorder,
    /// It can be ordered before it was ever in stock.
    Preorder,
}

impl StockPolicy {
    /// The value in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::Backorder => "BACKORDER",
            Self::Preorder => "PREORDER",
        }
    }
}

/// One thing that can be bought.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantDraft {
    /// Unique over the catalog.
    pub sku: String,
    /// The option values, such as `M / Navy`.
    pub title: String,
    /// EAN or UPC.
    pub barcode: Option<String>,
    /// Option name and value, in the product's order.
    pub options: Vec<(String, String)>,
    /// The value of the size option.
    pub size: Option<String>,
    /// The value of the colour option.
    pub color: Option<String>,
    /// Price in minor units of `currency_code`.
    pub price_minor: i64,
    /// Former price in minor units; above the price.
    pub compare_at_minor: Option<i64>,
    /// ISO 4217.
    pub currency_code: String,
    /// What happens when nothing is available.
    pub stock_policy: StockPolicy,
    /// When more is expected.
    pub expected_at: Option<DateTime<Utc>>,
    /// Quantities per location.
    pub levels: Vec<LevelDraft>,
}

/// Quantities of one variant at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelDraft {
    /// Code of the location.
    pub location_code: String,
    /// Units on hand.
    pub on_hand: i32,
    /// Units kept back.
    pub safety_stock: i32,
    /// Units on their way.
    pub incoming: i32,
}
