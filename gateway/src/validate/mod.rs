//! Whether a document fits the schema, and variables their types.

mod check;
mod context;
mod inspect;
mod literal;
mod operation;
mod rule;
mod rules;
mod suggest;
mod variables;
mod walk;

pub(crate) use check::validate;
pub(crate) use literal::literal_to_json;
pub(crate) use operation::select_operation;
pub use variables::{VariableDefinition, coerce_variables};
