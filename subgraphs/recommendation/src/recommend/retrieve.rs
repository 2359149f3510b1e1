//! Proposals from every source. Filters are asked while retrieving, so that sold-out products take no places.

use super::{filter::Filter, recommender::Recommender};
use crate::{
    domain::{Candidate, Link, ProductId, Source, StyleProfile},
    state::{Catalog, CustomerView, LiveState, Seed},
    vectors::VectorSearch,
};

/// What each further product back in time counts against the one before.
const SEED_DECAY: f32 = 0.9;

/// Neighbours taken of each seed.
const PER_SEED: usize = 30;

/// The `count` products with vectors nearest to each query, of those that `accept` (given the place of the query)
/// admits; best first. `index` comes with the count of writes that it contains.
pub(super) fn nearest(
    state: &LiveState,
    (index, writes): (&dyn VectorSearch, u64),
    queries: &[&[f32]],
    count: usize,
    accept: &dyn Fn(usize, &ProductId) -> bool,
) -> Vec<Vec<(ProductId, f32)>> {
    let product_in = |row| state.with_catalog(|catalog| catalog.product_in(row, writes).cloned());
    let hits = index.search(queries, count, &|place, row| product_in(row).is_some_and(|id| accept(place, &id)));
    let named = |hits: Vec<crate::vectors::Hit>| {
        hits.into_iter().filter_map(|hit| Some((product_in(hit.row)?, hit.score))).collect()
    };
    hits.into_iter().map(named).collect()
}

impl Recommender {
    /// What speaks of this customer: neighbours of what they dealt with, and what meets their profile.
    pub(super) fn retrieve_personal(
        &self,
        index: (&dyn VectorSearch, u64),
        customer: &CustomerView,
        filter: &Filter<'_>,
        count: usize,
    ) -> Vec<Candidate> {
        let seeds: Vec<(&Seed, f32)> = customer
            .recent
            .iter()
            .take(self.settings.max_seeds)
            .zip(std::iter::successors(Some(1.0_f32), |strength| Some(strength * SEED_DECAY)))
            .map(|(seed, freshness)| (seed, freshness * seed.kind.interest()))
            .collect();
        let taste = customer.profile.as_deref().filter(|profile| profile.has_taste());
        let mut candidates = self.retrieve_alike(index, &seeds, taste, (filter, count));
        candidates.extend(self.retrieve_together(&seeds, filter));
        candidates
    }

    /// What is near the seeds and the profile.
    fn retrieve_alike(
        &self,
        index: (&dyn VectorSearch, u64),
        seeds: &[(&Seed, f32)],
        taste: Option<&StyleProfile>,
        (filter, count): (&Filter<'_>, usize),
    ) -> Vec<Candidate> {
        let products: Vec<ProductId> = seeds.iter().map(|(seed, _)| seed.product.clone()).collect();
        let neighbours = self.neighbours(index, &products);
        let mut candidates = Vec::new();
        self.state.with_catalog(|catalog| {
            for ((seed, strength), list) in seeds.iter().zip(&neighbours) {
                let admitted = list.iter().filter(|(id, _)| filter.admits(catalog, id));
                candidates.extend(admitted.take(count.max(PER_SEED)).map(|(product, score)| Candidate {
                    product: product.clone(),
                    source: Source::Similar,
                    score: score * strength,
                    link: Link::Seed { product: seed.product.clone(), kind: seed.kind },
                }));
            }
        });
        if let Some(profile) = taste {
            let vector = self.state.with_catalog(Catalog::vectorizer).vectorize_taste(profile);
            let admits = |_: usize, id: &ProductId| filter.admits_now(&self.state, id);
            for hits in nearest(&self.state, index, &[&vector], count.max(PER_SEED), &admits) {
                candidates.extend(self.meeting(profile, hits));
            }
        }
        candidates
    }

    /// Vectors only find where to look: what is said to match is compared word by word.
    fn meeting(&self, profile: &StyleProfile, hits: Vec<(ProductId, f32)>) -> Vec<Candidate> {
        self.state.with_catalog(|catalog| {
            hits.into_iter()
                .filter_map(|(product, _)| {
                    let affinity = profile.affinity(catalog.product(&product)?)?;
                    Some(Candidate {
                        product,
                        source: Source::MatchesProfile,
                        score: affinity.score,
                        link: Link::Wishes(affinity.matched),
                    })
                })
                .collect()
        })
    }

    fn retrieve_together(&self, seeds: &[(&Seed, f32)], filter: &Filter<'_>) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (seed, strength) in seeds {
            let (bought, viewed) = self.state.with_behaviour(|models| {
                (models.baskets.neighbours(&seed.product), models.visits.neighbours(&seed.product))
            });
            for (source, neighbours) in [(Source::BoughtTogether, bought), (Source::ViewedTogether, viewed)] {
                let admitted = neighbours.into_iter().filter(|(product, _)| filter.admits_now(&self.state, product));
                candidates.extend(admitted.take(PER_SEED).map(|(product, score)| Candidate {
                    product,
                    source,
                    score: score * strength,
                    link: Link::Seed { product: seed.product.clone(), kind: seed.kind },
                }));
            }
        }
        candidates
    }

    /// What speaks of all shoppers; the newest products come last and fill what is left, so that `count` are found
    /// whenever so many are admitted.
    pub(super) fn retrieve_general(&self, filter: &Filter<'_>, count: usize) -> Vec<Candidate> {
        let now = self.clock.now();
        let mut candidates = Vec::new();
        self.state.with_behaviour(|models| {
            let admits = |id: &ProductId| filter.admits_now(&self.state, id);
            let popular = models.popularity.popular(count, admits);
            let trending = models.popularity.trending(now, count, admits);
            for (source, leaders) in [(Source::Popular, popular), (Source::Trending, trending)] {
                candidates.extend(leaders.into_iter().map(|(product, score)| Candidate {
                    product,
                    source,
                    score,
                    link: Link::None,
                }));
            }
        });
        candidates.extend(self.retrieve_newest(filter, count));
        candidates
    }

    pub(super) fn retrieve_newest(&self, filter: &Filter<'_>, count: usize) -> Vec<Candidate> {
        let newest: Vec<ProductId> = self.state.with_catalog(|catalog| {
            catalog.newest().filter(|id| filter.admits(catalog, id)).take(count).cloned().collect()
        });
        let places = newest.len().max(1) as f32;
        newest
            .into_iter()
            .enumerate()
            .map(|(place, product)| Candidate {
                product,
                source: Source::NewArrival,
                score: 1.0 - place as f32 / places,
                link: Link::None,
            })
            .collect()
    }
}
