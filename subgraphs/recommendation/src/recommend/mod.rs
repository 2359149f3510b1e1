//! From what is known to a page: retrieve → filter → rank → explain.

mod feed;
mod filter;
mod neighbours;
mod page;
mod recommender;
mod retrieve;
mod similar;
mod together;

pub use page::{Feed, PageRequest, Recommendation};
pub use recommender::{Recommender, Settings};
