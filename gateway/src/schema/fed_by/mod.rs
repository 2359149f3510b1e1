//! `@fedBy`: which subscription fields events feed, and whether the schema allows it.

mod arguments;
mod read;

pub use read::FedByProblem;
pub(super) use read::{Reader, problems};
