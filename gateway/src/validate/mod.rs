//! Whether a document fits the schema, and variables their types.

mod meta_fields;
mod operation;
mod rules;
mod variables;

pub use operation::{Operation, operations, select_operation};
pub use rules::validate;
pub use variables::{VariableDefinition, coerce_variables};
