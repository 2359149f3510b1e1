//! Products of the same baskets.

use std::collections::HashSet;

use super::{
    filter::Filter,
    page::{PageRequest, Recommendation, present},
    recommender::Recommender,
};
use crate::domain::{Candidate, Link, Source};

impl Recommender {
    /// The available products found most in the same baskets. Empty where nobody bought the product with another: a
    /// filler would not be the truth.
    #[must_use]
    pub fn bought_together(&self, request: &PageRequest) -> Vec<Recommendation> {
        let profile = self.profile_of(request);
        let filter = Filter { profile: profile.as_deref(), excluded: HashSet::from([request.product.clone()]) };
        let neighbours = self.state.with_behaviour(|models| models.baskets.neighbours(&request.product));
        self.state.with_catalog(|catalog| {
            neighbours
                .into_iter()
                .filter(|(product, _)| filter.admits(catalog, product))
                .take(request.count)
                .filter_map(|(product, score)| {
                    let link = Link::Page(request.product.clone());
                    let candidate = Candidate { product, source: Source::BoughtTogether, score, link };
                    present(catalog, &candidate, score)
                })
                .collect()
        })
    }
}
