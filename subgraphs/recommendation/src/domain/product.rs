//! A product as far as recommending needs to know it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// The opaque id of a product, shared by everything that points at it.
pub type ProductId = Arc<str>;

/// A stock keeping unit.
pub type Sku = Arc<str>;

/// A product of the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id in the graph.
    pub id: ProductId,
    /// What shoppers read.
    pub title: String,
    /// The longer text.
    pub description: String,
    /// The brand.
    pub vendor: String,
    /// Such as `Shirts`.
    pub category: String,
    /// For whom, such as `women`.
    pub gender: Option<String>,
    /// Such as `linen`.
    pub material: Option<String>,
    /// Such as `minimal`.
    pub style: Option<String>,
    /// Such as `office`.
    pub occasion: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// When it came into the catalog.
    pub created_at: DateTime<Utc>,
    /// What can be bought.
    pub variants: Vec<Variant>,
}

/// One size and colour of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its stock keeping unit.
    pub sku: Sku,
    /// Such as `M` or `32/34`.
    pub size: Option<String>,
    /// Such as `navy`.
    pub color: Option<String>,
}

impl Product {
    /// The colours of its variants, each once, in the order of the variants.
    #[must_use]
    pub fn colors(&self) -> Vec<&str> {
        let mut colors: Vec<&str> = Vec::new();
        for color in self.variants.iter().filter_map(|variant| variant.color.as_deref()) {
            if !colors.iter().any(|known| known.eq_ignore_ascii_case(color)) {
                colors.push(color);
            }
        }
        colors
    }
}
