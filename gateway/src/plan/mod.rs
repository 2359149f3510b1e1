//! From a document to a plan: parse, validate, normalise, plan. Pure.
mod prepare;

pub use crate::parse::Limits;
pub use prepare::{PreparedOperation, prepare};
