//! What pages show, and who asks for them.

/// A kind of page and of reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// The product with its variants and badges; from inventory alone, and the same for everyone.
    Stock,
    /// The same, with what preferences and recommendation say of it.
    Whole,
    /// The same, for customers.
    WholeSignedIn,
}

impl Scenario {
    pub(crate) const ALL: [Self; 3] = [Self::Stock, Self::Whole, Self::WholeSignedIn];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stock => "product with stock, anonymous",
            Self::Whole => "product page of three subgraphs, anonymous",
            Self::WholeSignedIn => "product page of three subgraphs, signed in",
        }
    }

    pub(crate) const fn is_signed_in(self) -> bool {
        matches!(self, Self::WholeSignedIn)
    }

    /// The operation, of a product by its handle.
    pub(crate) fn query(self) -> String {
        let more = if self == Self::Stock { "" } else { "isWishlisted similar(first: 4) { score product { title } }" };
        format!(
            "query Page($handle: String!) {{ product(handle: $handle) {{ id title vendor totalAvailable {more}
            variants {{ id sku size price {{ amount currencyCode }} badge {{ sku state available revision }} }} }} }}"
        )
    }
}
