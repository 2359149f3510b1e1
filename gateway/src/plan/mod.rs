//! From a document to a plan: parse, validate, normalise, plan, find out what waits for what, lay out the tree. Pure.

mod aliases;
mod canonical;
mod conditions;
mod depend;
mod lay_out;
mod lower;
mod needs;
mod node;
mod partition;
mod planner_document;
mod prepare;
mod repeated;
mod requires;
mod shape;
mod share;
mod text;

pub use crate::parse::Limits;
pub use canonical::{Canonical, canonical};
pub use conditions::{ConditionVariable, Conditions};
pub use needs::{Needs, needs};
pub use node::{Batch, BatchOutput, Fetch, Path, PathStep, Place, Plan, Rename, Required, Step, Target, Way};
pub use prepare::{Preparation, PreparedOperation, prepare, prepare_for, prepare_text};
