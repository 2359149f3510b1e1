//! Products alike.

use std::{collections::HashSet, sync::Arc};

use super::{
    filter::Filter,
    neighbours::{NEIGHBOURS, Neighbours},
    page::{PageRequest, Recommendation, present},
    recommender::Recommender,
    retrieve::nearest,
};
use crate::{
    domain::{Candidate, Link, ProductId, Source, StyleProfile},
    state::Catalog,
    vectors::{Row, VectorSearch},
};

impl Recommender {
    /// For each request the available products that are most alike, at the most in two passes over the catalog. Empty
    /// for a product that is not known.
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
        let products: Vec<ProductId> = requests.iter().map(|request| request.product.clone()).collect();
        let (index, writes) = self.state.with_catalog(Catalog::search_snapshot);
        let neighbours = self.neighbours((&*index, writes), &products);
        let mut found: Vec<Vec<(ProductId, f32)>> = self.state.with_catalog(|catalog| {
            let admitted = requests.iter().zip(&neighbours).zip(&filters).map(|((request, list), filter)| {
                list.iter().filter(|(id, _)| filter.admits(catalog, id)).take(request.count).cloned().collect()
            });
            admitted.collect()
        });
        self.search_further((&*index, writes), requests, (&neighbours, &filters), &mut found);
        self.state.with_catalog(|catalog| {
            let present_one = |request: &PageRequest, (product, score): (ProductId, f32)| {
                let link = Link::Page(request.product.clone());
                present(catalog, &Candidate { product, source: Source::Similar, score, link }, score)
            };
            requests
                .iter()
                .zip(found)
                .map(|(request, list)| list.into_iter().filter_map(|hit| present_one(request, hit)).collect())
                .collect()
        })
    }

    /// Where so much is sold out that the remembered neighbours do not fill the list, searches the whole catalog.
    fn search_further(
        &self,
        (index, writes): (&dyn VectorSearch, u64),
        requests: &[PageRequest],
        (neighbours, filters): (&[Neighbours], &[Filter<'_>]),
        found: &mut [Vec<(ProductId, f32)>],
    ) {
        let short: Vec<(usize, &PageRequest, &Filter<'_>)> = requests
            .iter()
            .zip(filters)
            .enumerate()
            .filter(|(place, (request, _))| {
                let has_more = neighbours.get(*place).is_some_and(|list| list.len() == NEIGHBOURS);
                has_more && found.get(*place).is_some_and(|list| list.len() < request.count)
            })
            .map(|(place, (request, filter))| (place, request, filter))
            .collect();
        if short.is_empty() {
            return;
        }
        let rows: Vec<Option<Row>> = self
            .state
            .with_catalog(|catalog| short.iter().map(|(_, request, _)| catalog.row_of(&request.product)).collect());
        let queries: Vec<&[f32]> = rows.iter().map(|row| row.map_or(&[][..], |row| index.vector(row))).collect();
        let count = short.iter().map(|(_, request, _)| request.count).max().unwrap_or(0);
        let lists = nearest(&self.state, (index, writes), &queries, count, &|query, id| {
            short.get(query).is_some_and(|(_, _, filter)| filter.admits_now(&self.state, id))
        });
        for ((place, request, _), mut list) in short.into_iter().zip(lists) {
            list.truncate(request.count);
            if let Some(found) = found.get_mut(place) {
                *found = list;
            }
        }
    }

    pub(super) fn profile_of(&self, request: &PageRequest) -> Option<Arc<StyleProfile>> {
        self.state.customer(request.customer.as_deref()?)?.profile
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use selvedge_kit::clock::ManualClock;

    use super::*;
    use crate::{
        domain::{Badge, Product, StockState, Variant},
        models::{CoOccurrenceLimits, HalfLives},
        recommend::Settings,
        state::{LiveState, SnapshotProduct, StateLimits},
    };

    const SHIRTS: usize = 300;

    /// Shirts that all look alike, with one piece each.
    fn recommender() -> Recommender {
        let state = Arc::new(LiveState::new(&StateLimits {
            dimensions: 64,
            baskets: CoOccurrenceLimits::default(),
            visits: CoOccurrenceLimits::default(),
            half_lives: HalfLives::default(),
            max_customers: 10,
            max_seen_events: 10,
        }));
        for number in 0..SHIRTS {
            let product = Product {
                id: format!("p{number:03}").into(),
                title: format!("Linen Shirt {number}"),
                description: String::new(),
                vendor: "V".into(),
                category: "Shirts".into(),
                gender: None,
                material: None,
                style: None,
                occasion: None,
                tags: vec![],
                created_at: DateTime::UNIX_EPOCH,
                variants: vec![Variant { sku: format!("s{number}").into(), size: None, color: None }],
            };
            state.load_product(SnapshotProduct { product, badges: vec![(format!("s{number}").into(), badge(1, 1))] });
        }
        Recommender::new(state, Arc::new(ManualClock::starting_at(DateTime::UNIX_EPOCH)), Settings::default())
    }

    fn badge(available: i64, revision: i64) -> Badge {
        Badge { state: if available > 0 { StockState::InStock } else { StockState::OutOfStock }, available, revision }
    }

    fn list(recommender: &Recommender) -> Vec<ProductId> {
        let request = PageRequest { product: "p000".into(), count: 8, customer: None };
        recommender.similar(&[request]).remove(0).into_iter().map(|item| item.product).collect()
    }

    #[test]
    fn remembered_neighbours_are_filtered_by_the_stock_of_the_moment() {
        let recommender = recommender();
        let first = list(&recommender);
        assert_eq!(first, list(&recommender));
        let sku = format!("s{}", first[0].trim_start_matches('p').parse::<usize>().unwrap());
        recommender.state.change_badge(&sku.into(), &first[0], badge(0, 2));
        let second = list(&recommender);
        assert_eq!(second.len(), 8);
        assert_eq!(second[..7], first[1..]);
    }

    #[test]
    fn when_all_remembered_neighbours_are_sold_out_the_search_goes_on() {
        let recommender = recommender();
        let (index, writes) = recommender.state.with_catalog(Catalog::search_snapshot);
        let nearest = recommender.neighbours((&*index, writes), &["p000".into()]).remove(0);
        assert_eq!(nearest.len(), NEIGHBOURS);
        for (id, _) in nearest.iter() {
            let sku = format!("s{}", id.trim_start_matches('p').parse::<usize>().unwrap());
            recommender.state.change_badge(&sku.into(), id, badge(0, 2));
        }
        let further = list(&recommender);
        assert_eq!(further.len(), 8);
        assert!(nearest.iter().all(|(id, _)| !further.contains(id)));
    }

    #[test]
    fn a_new_product_is_found_although_neighbours_were_remembered() {
        let recommender = recommender();
        let before = list(&recommender);
        recommender.state.delete_product(&before[0], 5);
        assert!(!list(&recommender).contains(&before[0]));
    }
}
