//! Who can resolve what: the supergraph's join directives as a structure that plans are made from.

mod facts;
mod field_set;
mod read;

pub use facts::{Federation, FieldFacts, FieldIn, Key, Label, Override, SubgraphId, TypeIn};
pub use field_set::{FieldSet, FieldSetItem};
pub(crate) use field_set::{write_value, written};
