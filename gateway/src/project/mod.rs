//! From the tree to the response: the client's order, aliases and types; null propagation; introspection.

mod compile;
mod condition;
mod introspection;
mod leaf;
mod output;
mod response;
mod selection;

pub use compile::{Projection, SelectionTooLarge};
pub use condition::{Condition, all_hold};
pub use output::{OutputId, Program};
pub use response::{ProjectInput, Projected, project};
pub use selection::{Alternative, Below, Field, Leaf, Output, SelectionId, Selections, Source};
