//! Products alike.

use std::{collections::HashSet, sync::Arc};

use super::{
    filter::Filter,
    page::{PageRequest, Recommendation, present},
    recommender::Recommender,
    retrieve::nearest,
};
use crate::{
    domain::{Candidate, Link, Source, StyleProfile},
    vectors::Row,
};

impl Recommender {
    /// For each request the available products that are most alike, in one pass over the catalog. Empty for a product
    /// that is not known.
    #[must_use]
    pub fn similar(&self, requests: &[PageRequest]) -> Vec<Vec<Recommendation>> {
        let profiles: Vec<Option<Arc<StyleProfile>>> =
            requests.iter().map(|request| self.profile_of(request)).collect();
        let filters: Vec<Filter<'_>> = requests
            .iter()
            .zip(&profiles)
            .map(|(request, profile)| Filter {
                profile: profile.as_deref(),
                excluded: HashSet::from([request.product.clone()]),
            })
            .collect();
        let (index, writes, rows) = self.state.with_catalog(|catalog| {
            let (index, writes) = catalog.search_snapshot();
            let rows: Vec<Option<Row>> = requests.iter().map(|request| catalog.row_of(&request.product)).collect();
            (index, writes, rows)
        });
        let queries: Vec<&[f32]> = rows.iter().map(|row| row.map_or(&[][..], |row| index.vector(row))).collect();
        let count = requests.iter().map(|request| request.count).max().unwrap_or(0);
        let found = nearest(&self.state, (&*index, writes), &queries, count, &|place, id| {
            filters.get(place).is_some_and(|filter| filter.admits_now(&self.state, id))
        });
        self.state.with_catalog(|catalog| {
            requests
                .iter()
                .zip(found)
                .map(|(request, hits)| {
                    let candidates = hits.into_iter().take(request.count).map(|(product, score)| Candidate {
                        product,
                        source: Source::Similar,
                        score,
                        link: Link::Page(request.product.clone()),
                    });
                    candidates.filter_map(|candidate| present(catalog, &candidate, candidate.score)).collect()
                })
                .collect()
        })
    }

    pub(super) fn profile_of(&self, request: &PageRequest) -> Option<Arc<StyleProfile>> {
        self.state.customer(request.customer.as_deref()?)?.profile
    }
}
