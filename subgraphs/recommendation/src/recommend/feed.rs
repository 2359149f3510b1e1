//! The front page.

use std::collections::HashSet;

use super::{
    filter::Filter,
    page::{Feed, present},
    recommender::Recommender,
};
use crate::{
    domain::{BehaviourKind, ProductId, Scored, Traits, blend, diversify},
    state::CustomerView,
    vectors::VectorSearch,
};

/// Candidates retrieved per place on the page, so that variety has a choice.
const CHOICE: usize = 3;

/// Candidates ranked per place on the page: those further down would not come up.
const RANKED: usize = 6;

impl Recommender {
    /// The feed of `customer`: personal for one who agreed, of what is popular and new otherwise. It has `count` items
    /// whenever so many products lie in stock (in the customer's sizes).
    #[must_use]
    pub fn feed(&self, customer: Option<&str>, count: usize) -> Feed {
        let view = customer.and_then(|customer| self.state.customer(customer));
        let profile = view.as_ref().and_then(|view| view.profile.as_deref());
        let filter = Filter { profile, excluded: view.as_ref().map(|view| self.dealt_with(view)).unwrap_or_default() };
        let (index, writes) = self.state.with_catalog(crate::state::Catalog::search_snapshot);
        let mut candidates = self.retrieve_general(&filter, count * CHOICE);
        if let Some(view) = &view {
            candidates.extend(self.retrieve_personal((&*index, writes), view, &filter, count * CHOICE));
        }
        let mut scored = blend(candidates, &self.settings.weights);
        scored.truncate(count * RANKED);
        let mut page = self.rank(scored, &*index, count);
        if page.len() < count {
            // A small stock: what the customer has seen already is better than an empty place.
            let seen_before = Filter {
                profile: filter.profile,
                excluded: page.iter().map(|scored| scored.product.clone()).collect(),
            };
            let fill = self.retrieve_newest(&seen_before, count - page.len());
            page.extend(blend(fill, &self.settings.weights));
        }
        let is_personal = page.iter().any(|scored| scored.leading.source.is_personal());
        let items = self.state.with_catalog(|catalog| {
            // Asked once more, last, on the stock of this moment.
            page.iter()
                .filter(|scored| catalog.is_available(&scored.product, profile))
                .filter_map(|scored| present(catalog, &scored.leading, scored.score))
                .collect()
        });
        Feed { items, degraded: !is_personal || !self.state.is_loaded() }
    }

    /// What is not news to the customer: what they bought, and what the feed is made of.
    fn dealt_with(&self, customer: &CustomerView) -> HashSet<ProductId> {
        customer
            .recent
            .iter()
            .enumerate()
            .filter(|(place, seed)| *place < self.settings.max_seeds || seed.kind == BehaviourKind::Purchase)
            .map(|(_, seed)| seed.product.clone())
            .collect()
    }

    fn rank(&self, scored: Vec<Scored>, index: &dyn VectorSearch, count: usize) -> Vec<Scored> {
        let products: Vec<_> = self.state.with_catalog(|catalog| {
            scored
                .iter()
                .map(|scored| catalog.product(&scored.product).cloned().zip(catalog.row_of(&scored.product)))
                .collect()
        });
        let traits: Vec<Traits<'_>> = products
            .iter()
            .map(|found| match found {
                Some((product, row)) => {
                    Traits { category: &product.category, vendor: &product.vendor, vector: index.vector(*row) }
                }
                None => Traits { category: "", vendor: "", vector: &[] },
            })
            .collect();
        diversify(scored, &traits, count, &self.settings.diversity)
    }
}
