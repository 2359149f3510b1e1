//! Nearest neighbours, remembered while the vectors stay as they are.
//!
//! Stock changes by the second, vectors by the day. So neighbours are remembered whether in stock or not, and every
//! answer filters them by the stock of the moment.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{recommender::Recommender, retrieve::nearest};
use crate::{
    domain::{ProductId, RecencyMap},
    vectors::VectorSearch,
};

/// Neighbours remembered per product; a list that runs out after filtering is searched for anew, with the filter.
pub(super) const NEIGHBOURS: usize = 128;

/// Products remembered: at most about 16 MiB.
const MAX_LISTS: usize = 5_000;

/// The neighbours of one product, nearest first.
pub(super) type Neighbours = Arc<[(ProductId, f32)]>;

/// Lists that hold for one state of the vectors.
pub(super) struct NeighbourCache(Mutex<Remembered>);

struct Remembered {
    writes: u64,
    lists: RecencyMap<ProductId, Neighbours>,
}

impl NeighbourCache {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Remembered { writes: 0, lists: RecencyMap::with_capacity(MAX_LISTS) }))
    }

    fn recall(&self, writes: u64, products: &[ProductId]) -> Vec<Option<Neighbours>> {
        let remembered = self.0.lock();
        let is_current = remembered.writes == writes;
        products.iter().map(|id| remembered.lists.peek(id).filter(|_| is_current).cloned()).collect()
    }

    fn remember(&self, writes: u64, found: impl Iterator<Item = (ProductId, Neighbours)>) {
        let mut remembered = self.0.lock();
        if remembered.writes > writes {
            return;
        }
        if remembered.writes < writes {
            *remembered = Remembered { writes, lists: RecencyMap::with_capacity(MAX_LISTS) };
        }
        for (product, neighbours) in found {
            remembered.lists.insert(&product, neighbours);
        }
    }
}

impl Recommender {
    /// The at most [`NEIGHBOURS`] nearest products of each of `products`, in stock or not; those not remembered are
    /// searched for in one pass. Empty for a product that is not known.
    pub(super) fn neighbours(
        &self,
        (index, writes): (&dyn VectorSearch, u64),
        products: &[ProductId],
    ) -> Vec<Neighbours> {
        let mut lists = self.neighbour_cache.recall(writes, products);
        let unknown: Vec<&ProductId> =
            products.iter().zip(&lists).filter(|(_, list)| list.is_none()).map(|(product, _)| product).collect();
        if !unknown.is_empty() {
            let rows: Vec<_> =
                self.state.with_catalog(|catalog| unknown.iter().map(|product| catalog.row_of(product)).collect());
            let queries: Vec<&[f32]> = rows.iter().map(|row| row.map_or(&[][..], |row| index.vector(row))).collect();
            let is_other = |place: usize, id: &ProductId| unknown.get(place).is_some_and(|own| *own != id);
            let found = nearest(&self.state, (index, writes), &queries, NEIGHBOURS, &is_other);
            let found: Vec<Neighbours> = found.into_iter().map(Into::into).collect();
            self.neighbour_cache.remember(writes, unknown.into_iter().cloned().zip(found.iter().cloned()));
            let mut found = found.into_iter();
            for list in lists.iter_mut().filter(|list| list.is_none()) {
                *list = found.next();
            }
        }
        lists.into_iter().map(|list| list.unwrap_or_else(|| Arc::from([]))).collect()
    }
}
