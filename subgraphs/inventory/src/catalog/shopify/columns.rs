//! Finding columns by any of the names that Shopify gave them.

use csv::StringRecord;

use super::report::ImportError;

/// A column of a product file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Handle,
    Title,
    Body,
    Vendor,
    Category,
    Type,
    Tags,
    Published,
    Status,
    OptionName(u8),
    OptionValue(u8),
    Sku,
    Barcode,
    Quantity,
    Policy,
    Price,
    CompareAt,
    ImageUrl,
    ImagePosition,
    ImageAlt,
    GiftCard,
    Gender,
    Fabric,
}

impl Column {
    /// Every name, lower case; the first is the one that messages use.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Handle => &["handle", "url handle"],
            Self::Title => &["title"],
            Self::Body => &["body (html)", "description", "body html"],
            Self::Vendor => &["vendor"],
            Self::Category => {
                &["product category", "standardized product type", "google shopping / google product category"]
            }
            Self::Type => &["type", "product type", "custom product type"],
            Self::Tags => &["tags"],
            Self::Published => &["published", "published on online store"],
            Self::Status => &["status"],
            Self::OptionName(1) => &["option1 name"],
            Self::OptionName(2) => &["option2 name"],
            Self::OptionName(_) => &["option3 name"],
            Self::OptionValue(1) => &["option1 value"],
            Self::OptionValue(2) => &["option2 value"],
            Self::OptionValue(_) => &["option3 value"],
            Self::Sku => &["variant sku", "sku"],
            Self::Barcode => &["variant barcode", "barcode"],
            Self::Quantity => &["variant inventory qty", "inventory quantity"],
            Self::Policy => &["variant inventory policy", "continue selling when out of stock"],
            Self::Price => &["variant price", "price"],
            Self::CompareAt => &["variant compare at price", "compare-at price"],
            Self::ImageUrl => &["image src", "product image url"],
            Self::ImagePosition => &["image position"],
            Self::ImageAlt => &["image alt text"],
            Self::GiftCard => &["gift card"],
            Self::Gender => &["google shopping / gender", "target gender (product.metafields.shopify.target-gender)"],
            Self::Fabric => {
                &["fabric (product.metafields.shopify.fabric)", "material (product.metafields.custom.material)"]
            }
        }
    }
}

/// The header of one file.
#[derive(Debug)]
pub(super) struct Header {
    names: Vec<String>,
    originals: Vec<String>,
}

impl Header {
    pub(super) fn new(record: &StringRecord) -> Self {
        let originals: Vec<String> =
            record.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        Self { names: originals.iter().map(|name| name.to_lowercase()).collect(), originals }
    }

    /// The cell of `column`, trimmed; `None` where it is blank or the file has no such column.
    pub(super) fn cell<'r>(&self, record: &'r StringRecord, column: Column) -> Option<&'r str> {
        // Several names may be there at once (`Product Category` and Google's): the first that has a value counts.
        column.names().iter().find_map(|name| self.named(record, name))
    }

    /// The cell of the column that is called `name`, which is lower case.
    pub(super) fn named<'r>(&self, record: &'r StringRecord, name: &str) -> Option<&'r str> {
        let position = self.names.iter().position(|own| own == name)?;
        record.get(position).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// The name that the file uses for `column`, for messages.
    pub(super) fn spelled(&self, column: Column) -> &str {
        column
            .names()
            .iter()
            .find_map(|name| self.names.iter().position(|own| own == name))
            .and_then(|position| self.originals.get(position))
            .map_or_else(|| column.names().first().copied().unwrap_or_default(), String::as_str)
    }

    pub(super) fn require(&self, file: &str, name: &'static str, aliases: &[&str]) -> Result<(), ImportError> {
        if aliases.iter().any(|alias| self.names.iter().any(|own| own == alias)) {
            return Ok(());
        }
        let found = self.originals.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(ImportError::MissingColumn { file: file.to_owned(), column: name, found })
    }

    /// Fails unless the file has the columns without which it is no product file.
    pub(super) fn require_products(&self, file: &str) -> Result<(), ImportError> {
        self.require(file, "Handle", Column::Handle.names())?;
        self.require(file, "Title", Column::Title.names())?;
        self.require(file, "Variant Price", Column::Price.names())
    }
}
