//! Exact search over contiguous rows.

use std::sync::Arc;

use super::{Hit, Row, VectorIndex, VectorSearch};
use crate::domain::dot_product;

/// Rows per block: at 256 dimensions one block is 512 KiB, what a write copies at most while a search holds it.
const BLOCK_ROWS: usize = 512;

/// Compares a query with every row. Rows lie in blocks which searches share: a write copies a block only while a
/// search still reads it, and neither waits for the other.
#[derive(Debug, Clone)]
pub struct FlatIndex {
    dimensions: usize,
    blocks: Vec<Arc<Vec<f32>>>,
}

impl FlatIndex {
    /// An empty index for vectors of `dimensions`.
    #[must_use]
    pub const fn new(dimensions: usize) -> Self {
        Self { dimensions, blocks: Vec::new() }
    }

    fn row_mut(&mut self, row: Row) -> Option<&mut [f32]> {
        let row = usize::try_from(row).ok()?;
        let (block, place) = (row / BLOCK_ROWS, row % BLOCK_ROWS);
        while self.blocks.len() <= block {
            self.blocks.push(Arc::new(vec![0.0; BLOCK_ROWS * self.dimensions]));
        }
        let block = Arc::make_mut(self.blocks.get_mut(block)?);
        block.get_mut(place * self.dimensions..(place + 1) * self.dimensions)
    }
}

impl VectorIndex for FlatIndex {
    fn upsert(&mut self, row: Row, vector: &[f32]) {
        if let Some(place) = self.row_mut(row) {
            place.fill(0.0);
            place.iter_mut().zip(vector).for_each(|(component, new)| *component = *new);
        }
    }

    fn remove(&mut self, row: Row) {
        self.upsert(row, &[]);
    }

    fn snapshot(&self) -> Arc<dyn VectorSearch> {
        Arc::new(self.clone())
    }
}

impl VectorSearch for FlatIndex {
    fn vector(&self, row: Row) -> &[f32] {
        let found = usize::try_from(row).ok().and_then(|row| {
            let place = row % BLOCK_ROWS;
            self.blocks.get(row / BLOCK_ROWS)?.get(place * self.dimensions..(place + 1) * self.dimensions)
        });
        found.unwrap_or_default()
    }

    fn search(&self, queries: &[&[f32]], count: usize, accept: &dyn Fn(usize, Row) -> bool) -> Vec<Vec<Hit>> {
        let mut best: Vec<Best> = queries.iter().map(|_| Best::of(count)).collect();
        if self.dimensions == 0 {
            return best.into_iter().map(|best| best.hits).collect();
        }
        let mut row: Row = 0;
        for block in &self.blocks {
            for vector in block.chunks_exact(self.dimensions) {
                for (place, (query, best)) in queries.iter().zip(&mut best).enumerate() {
                    let score = dot_product(query, vector);
                    if score > best.threshold() && accept(place, row) {
                        best.insert(Hit { row, score });
                    }
                }
                row += 1;
            }
        }
        best.into_iter().map(|best| best.hits).collect()
    }
}

/// The best hits so far, best first.
struct Best {
    count: usize,
    hits: Vec<Hit>,
}

impl Best {
    fn of(count: usize) -> Self {
        Self { count, hits: Vec::with_capacity(count.min(1024) + 1) }
    }

    fn threshold(&self) -> f32 {
        if self.count == 0 {
            return f32::INFINITY;
        }
        if self.hits.len() < self.count { 0.0 } else { self.hits.last().map_or(0.0, |hit| hit.score) }
    }

    fn insert(&mut self, hit: Hit) {
        let place = self.hits.partition_point(|known| known.score >= hit.score);
        self.hits.insert(place, hit);
        self.hits.truncate(self.count);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn search_finds_what_sorting_all_finds(
            rows in prop::collection::vec(prop::collection::vec(-1.0_f32..1.0, 20), 1..40),
            query in prop::collection::vec(-1.0_f32..1.0, 20),
            count in 0_usize..12,
        ) {
            let mut index = FlatIndex::new(20);
            for (row, vector) in rows.iter().enumerate() {
                index.upsert(Row::try_from(row).unwrap(), vector);
            }
            let mut expected: Vec<(usize, f32)> = rows
                .iter()
                .enumerate()
                .map(|(row, vector)| (row, dot_product(&query, vector)))
                .filter(|(row, score)| *score > 0.0 && row % 3 != 0)
                .collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            expected.truncate(count);
            let found = index.search(&[&query, &query], count, &|_, row| row % 3 != 0);
            let found_rows: Vec<usize> = found[1].iter().map(|hit| usize::try_from(hit.row).unwrap()).collect();
            prop_assert_eq!(found_rows, expected.iter().map(|(row, _)| *row).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_snapshot_does_not_see_later_writes() {
        let mut index = FlatIndex::new(2);
        index.upsert(1, &[1.0, 0.0]);
        let before = index.snapshot();
        index.upsert(700, &[1.0, 0.0]);
        index.remove(1);
        let found = |search: &dyn VectorSearch| {
            search.search(&[&[1.0, 0.0]], 5, &|_, _| true)[0].iter().map(|hit| hit.row).collect::<Vec<_>>()
        };
        assert_eq!(found(&*before), [1]);
        assert_eq!(found(&*index.snapshot()), [700]);
        assert_eq!(before.vector(9_999), [0.0_f32; 0]);
    }
}
