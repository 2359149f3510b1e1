//! What an index of vectors offers, so that an approximate one can take the place of the exact one.

use std::sync::Arc;

/// The place of a vector in the index.
pub type Row = u32;

/// A row found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The row.
    pub row: Row,
    /// The dot product with the query: the cosine, for vectors of length 1.
    pub score: f32,
}

/// An index that can be written.
pub trait VectorIndex: Send + Sync {
    /// Sets the vector of `row`; a vector of another length is cut or filled with zeros.
    fn upsert(&mut self, row: Row, vector: &[f32]);

    /// Forgets the vector of `row`.
    fn remove(&mut self, row: Row);

    /// The index as it is now, to be searched without holding a lock while it is written on.
    fn snapshot(&self) -> Arc<dyn VectorSearch>;
}

/// An unchanging state of an index.
pub trait VectorSearch: Send + Sync {
    /// The vector of `row`; empty when the index has none.
    fn vector(&self, row: Row) -> &[f32];

    /// For each query the `count` rows with the highest positive scores among those that `accept` (given the place of
    /// the query and the row) admits; best first, equal scores by row. `accept` is asked only for rows that would make
    /// it onto the list.
    fn search(&self, queries: &[&[f32]], count: usize, accept: &dyn Fn(usize, Row) -> bool) -> Vec<Vec<Hit>>;
}
