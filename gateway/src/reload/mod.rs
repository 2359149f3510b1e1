//! Where the schema comes from, and how a change of it comes to be served.
//!
//! A [`SchemaSource`] is looked at again and again. What it says anew is composed, checked against the recorded
//! operations of clients, connected to its subgraphs and swapped in while requests run; what is broken is refused, and
//! what was served before is served on.

mod candidate;
mod error;
mod reloader;
mod sources;
mod status;

pub use error::{LoadError, Refusal};
pub use reloader::{Loaded, Reloader};
pub use sources::{
    SchemaSource, SchemaText, SourceError, SourceKind, SubgraphsSource, SupergraphFile, SupergraphUrl, source_of,
};
pub use status::{Problem, SchemaStatus, SourceReport};
