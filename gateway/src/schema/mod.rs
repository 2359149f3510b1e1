//! The schema that is served: composed from subgraphs or loaded, and what clients see of it.

mod api;
mod cache_hints;
mod compose;
mod entities;
mod fed_by;
pub mod federation;
mod live_fields;
mod places;
mod public;
mod served;
mod types;

pub use api::{
    ApiDirective, ApiEnumValue, ApiField, ApiInputValue, ApiSchema, ApiType, Literal, Named, TypeKind, TypeRef,
};
pub use compose::{Composer, CompositionError, CompositionProblem, GuildComposer, SubgraphSdl, compose};
pub use entities::{CacheHint, EntityTypes};
pub use fed_by::FedByProblem;
pub use live_fields::{LiveField, LiveFields, Snapshot};
pub use served::{SchemaError, ServedSchema};
pub use types::{TypeId, TypeNames};
