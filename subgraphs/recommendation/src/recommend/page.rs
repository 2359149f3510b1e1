//! What is asked for and what is answered.

use crate::{
    domain::{Candidate, Link, ProductId, Reason, explain, round_score},
    state::Catalog,
};

/// One recommended product.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// The product.
    pub product: ProductId,
    /// 0 to 1, comparable within one list.
    pub score: f64,
    /// Why.
    pub reason: Reason,
}

/// The front page of a shopper.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// Best first, but for variety.
    pub items: Vec<Recommendation>,
    /// Whether it is not personal, or a source was missing.
    pub degraded: bool,
}

/// A list beside a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// The product on the page.
    pub product: ProductId,
    /// How many at most.
    pub count: usize,
    /// Who asks.
    pub customer: Option<String>,
}

/// The recommendation of `candidate` with its reason; `None` when the product is gone by now.
pub(super) fn present(catalog: &Catalog, candidate: &Candidate, score: f32) -> Option<Recommendation> {
    let product = catalog.product(&candidate.product)?;
    let led_by = match &candidate.link {
        Link::Page(id) | Link::Seed { product: id, .. } => catalog.product(id),
        Link::None | Link::Wishes(_) => None,
    };
    Some(Recommendation {
        product: product.id.clone(),
        score: round_score(score),
        reason: explain(candidate, product, led_by.map(|product| &**product)),
    })
}
