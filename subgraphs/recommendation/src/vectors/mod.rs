//! Content vectors: what a product is, as a point of which the neighbours are alike.
//!
//! Attributes and text become weighted features, features are hashed with a sign into a fixed number of dimensions
//! (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009), and the vector is brought to
//! length 1, so that a dot product is the cosine.

mod features;
mod flat;
mod hashing;
mod index;
mod vectorizer;

pub use flat::FlatIndex;
pub use index::{Hit, Row, VectorIndex, VectorSearch};
pub use vectorizer::Vectorizer;
