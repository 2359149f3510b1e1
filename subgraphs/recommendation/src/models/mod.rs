//! What behaviour teaches: which products belong together, and which are liked. All models learn event by event.

mod co_occurrence;
mod popularity;

pub use co_occurrence::{CoOccurrence, CoOccurrenceLimits};
pub use popularity::{HalfLives, Popularity};
