//! From the tree to the response: the client's order, aliases and types; null propagation; introspection.

mod compile;
mod condition;
mod defer;
mod deferral;
mod divide;
mod introspection;
mod leaf;
mod output;
mod parts;
mod response;
mod selection;

pub use compile::{Projection, SelectionTooLarge};
pub use condition::{Condition, all_hold};
pub use defer::{Defer, DeferId, DeferStart, Defers};
pub use deferral::{Deferral, Group, GroupId, Mark, Spot, Task, TaskId};
pub use divide::{owner_of, project_initial, project_task};
pub use output::{OutputId, Program};
pub use parts::{DeferSetId, Parts, SelectionParts, View};
pub use response::{ProjectInput, Projected, project};
pub use selection::{Alternative, Below, Field, Leaf, Occurrence, Output, SelectionId, Selections, Source};
