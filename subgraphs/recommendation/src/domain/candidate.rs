//! A product that one source proposes.

use super::{BehaviourKind, ProductId};

/// Who proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Alike by attributes and text.
    Similar,
    /// In the same baskets.
    BoughtTogether,
    /// Looked at in the same visits.
    ViewedTogether,
    /// Meets the style profile.
    MatchesProfile,
    /// Rises faster than it used to.
    Trending,
    /// Liked by many.
    Popular,
    /// New in the catalog.
    NewArrival,
}

impl Source {
    /// Whether it speaks of this shopper rather than of all.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        !matches!(self, Self::Trending | Self::Popular | Self::NewArrival)
    }
}

/// What connects the shopper with a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Nothing but the product itself.
    None,
    /// The page on which the shopper is.
    Page(ProductId),
    /// Something that the shopper did before with another product.
    Seed {
        /// The other product.
        product: ProductId,
        /// What the shopper did.
        kind: BehaviourKind,
    },
    /// Wishes of the style profile.
    Wishes(Vec<String>),
}

/// A proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The product proposed.
    pub product: ProductId,
    /// By whom.
    pub source: Source,
    /// How strongly, 0 to 1 within the source.
    pub score: f32,
    /// Why.
    pub link: Link,
}
