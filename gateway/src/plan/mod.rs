//! From a document to a plan: parse, validate, plan who answers what, lay out the tree. Pure.

mod canonical;
mod conditions;
mod depend;
mod federate;
mod lay_out;
mod live;
mod needs;
mod node;
mod partition;
mod planner_document;
mod prepare;
mod repeated;
mod share;
mod text;

pub use crate::parse::Limits;
pub use canonical::{Canonical, canonical};
pub use conditions::{ConditionVariable, Conditions};
pub use live::LiveWishes;
pub use needs::{Needs, needs};
pub use node::{Batch, BatchOutput, Fetch, Path, PathStep, Place, Plan, Rename, Required, Step, Target, Way};
pub use prepare::{Preparation, PreparedOperation, prepare, prepare_for, prepare_text};
