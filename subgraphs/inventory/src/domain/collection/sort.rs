//! Where a product stands in a collection: a text that sorts as it does.

use serde::{Deserialize, Serialize};

/// The order of the products in a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SortOrder {
    /// As put by hand.
    Manual,
    /// As the shop ranks them.
    Featured,
    /// The latest first.
    Newest,
    /// By title.
    Title,
    /// The cheapest first.
    PriceAsc,
    /// The dearest first.
    PriceDesc,
}

impl SortOrder {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Manual, "MANUAL"),
        (Self::Featured, "FEATURED"),
        (Self::Newest, "NEWEST"),
        (Self::Title, "TITLE"),
        (Self::PriceAsc, "PRICE_ASC"),
        (Self::PriceDesc, "PRICE_DESC"),
    ];

    /// The value in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(order, _)| *order == self).map_or("", |(_, name)| name)
    }

    /// The order with this value in the database.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(order, _)| *order)
    }

    /// A text that sorts as the product does in this order.
    #[must_use]
    pub fn key(self, place: &Place<'_>) -> String {
        match self {
            Self::Manual => ascending(place.position.into()),
            Self::Featured => ascending(place.featured_rank.into()),
            Self::Newest => descending(place.created_at_us),
            Self::Title => place.title.to_owned(),
            Self::PriceAsc => ascending(place.price_minor),
            Self::PriceDesc => descending(place.price_minor),
        }
    }
}

/// What decides about the place of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// From 1, by hand.
    pub position: i32,
    /// As the shop ranks it.
    pub featured_rank: i32,
    /// When it was added, in microseconds since 1970.
    pub created_at_us: i64,
    /// The title.
    pub title: &'a str,
    /// The lowest base price of a variant, in minor units.
    pub price_minor: i64,
}

/// Digits of equal length sort like numbers in every collation; the smallest number is all zeros.
fn ascending(number: i64) -> String {
    format!("{:020}", i128::from(number) - i128::from(i64::MIN))
}

fn descending(number: i64) -> String {
    format!("{:020}", i128::from(i64::MAX) - i128::from(number))
}
