//! The recorded operations of clients, and what a change of the schema would break for them.
//!
//! They come from a folder of `.graphql` files, or from a manifest of trusted documents.

mod change;
mod check;
mod folder;
mod manifest;
mod recorded;

pub use check::BrokenOperation;
pub use recorded::{RecordedError, RecordedOperation, RecordedOperations};
