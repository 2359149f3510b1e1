//! From a document to a plan: parse, validate, normalise, plan. Pure.

mod lower;
mod node;
mod partition;
mod prepare;
mod requires;
mod shape;
mod text;

pub use crate::parse::Limits;
pub use node::{Batch, Fetch, Path, PathStep, Plan, Rename, Required, Step, Target};
pub use prepare::{PreparedOperation, prepare};
