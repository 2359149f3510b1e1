//! One immutable schema, ready to plan against.

use std::sync::Arc;

use graphql_tools::{parser::parse_schema, static_graphql::schema::Document};
use sha2::{Digest, Sha256};

use super::{
    SubgraphSdl,
    api::ApiSchema,
    cache_hints::CacheHints,
    entities::EntityTypes,
    fed_by::FedByProblem,
    federation::Federation,
    live_fields::LiveFields,
    public::public_document,
    types::{Definition, TypeNames},
};

/// Why a supergraph cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The text is not a GraphQL schema.
    #[error("the supergraph is not a valid schema: {reason}")]
    Parse {
        /// What the parser says.
        reason: String,
    },
    /// The schema is not a supergraph that can be planned.
    #[error("the supergraph cannot be served: {reason}")]
    Unservable {
        /// What is missing or wrong.
        reason: String,
    },
    /// Fields are fed by events in ways that the schema does not allow.
    #[error("the supergraph cannot be served: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    FedBy {
        /// All of them; at least one.
        problems: Vec<FedByProblem>,
    },
}

/// One supergraph, ready to plan against; share it as an `Arc`.
pub struct ServedSchema {
    federation: Federation,
    types: Arc<TypeNames>,
    entities: EntityTypes,
    api: ApiSchema,
    api_sdl: String,
    version: String,
    subgraphs: Vec<(String, String)>,
    live: LiveFields,
}

impl ServedSchema {
    /// Loads a supergraph SDL in the Apollo join form.
    ///
    /// # Errors
    ///
    /// When the text is no schema, or not a supergraph.
    pub fn from_supergraph_sdl(sdl: &str) -> Result<Self, SchemaError> {
        let supergraph = parse(sdl)?;
        let introspection = parse(include_str!("introspection.graphql"))?;
        if supergraph.definitions.iter().any(|definition| matches!(definition, Definition::TypeExtension(_))) {
            let reason = "a supergraph has no type extensions; is this the schema of a subgraph?".to_owned();
            return Err(SchemaError::Unservable { reason });
        }
        if supergraph.query_type_name().is_none() {
            return Err(SchemaError::Unservable { reason: "there is no query type".to_owned() });
        }
        let types = TypeNames::from_document(&supergraph);
        let federation = Federation::read(&supergraph, &types).map_err(|reason| SchemaError::Unservable { reason })?;
        let mut subgraphs: Vec<(String, String)> =
            federation.names_and_urls().map(|(name, url)| (name.to_owned(), url.to_owned())).collect();
        subgraphs.sort();
        if subgraphs.is_empty() {
            let reason = "it names no subgraph (enum `join__Graph`); is this the schema of a subgraph?".to_owned();
            return Err(SchemaError::Unservable { reason });
        }
        let live =
            LiveFields::read(&supergraph, (&types, &federation)).map_err(|problems| SchemaError::FedBy { problems })?;
        let public = public_document(&supergraph, &introspection);
        let api = ApiSchema::from_documents(&public, &introspection)
            .ok_or_else(|| SchemaError::Unservable { reason: "its query type is inaccessible".to_owned() })?;
        Ok(Self {
            version: version(&supergraph),
            entities: EntityTypes::from_document(&supergraph, &types),
            types: Arc::new(types),
            api_sdl: public.to_string(),
            api,
            federation,
            subgraphs,
            live,
        })
    }

    /// The same, with what the subgraphs say in their own schemas of how long answers stay true (`@cacheControl`):
    /// composition drops it.
    #[must_use]
    pub fn with_cache_hints(mut self, subgraphs: &[SubgraphSdl]) -> Self {
        let hints = CacheHints::of(subgraphs);
        if !hints.is_empty() {
            // Another hint is another schema, though the supergraph is the same.
            self.version = hexadecimal(Sha256::new().chain_update(&self.version).chain_update(format!("{hints:?}")));
            self.entities.hear(hints);
        }
        self
    }

    /// The schema that clients see, as SDL, without federation's machinery and inaccessible elements.
    #[must_use]
    pub fn api_sdl(&self) -> &str {
        &self.api_sdl
    }

    /// A hash of the supergraph, in hexadecimal: the same for texts that differ in spaces and comments alone.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Name and URL of each subgraph, sorted by name.
    pub fn subgraphs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.subgraphs.iter().map(|(name, url)| (name.as_str(), url.as_str()))
    }

    /// The schema that clients see, as a structure.
    #[must_use]
    pub const fn api(&self) -> &ApiSchema {
        &self.api
    }

    /// All composite types of the supergraph, hidden ones included.
    #[must_use]
    pub fn types(&self) -> &TypeNames {
        &self.types
    }

    /// The same, to keep.
    #[must_use]
    pub(crate) fn shared_types(&self) -> Arc<TypeNames> {
        Arc::clone(&self.types)
    }

    /// Which types are entities, and what leads to them.
    #[must_use]
    pub const fn entities(&self) -> &EntityTypes {
        &self.entities
    }

    /// The subscription fields that events feed.
    #[must_use]
    pub const fn live_fields(&self) -> &LiveFields {
        &self.live
    }

    /// Who can resolve what.
    #[must_use]
    pub const fn federation(&self) -> &Federation {
        &self.federation
    }
}

fn version(supergraph: &Document) -> String {
    hexadecimal(Sha256::new().chain_update(supergraph.to_string()))
}

fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(sdl: &str) -> Result<Document, SchemaError> {
    parse_schema::<String>(sdl)
        .map(graphql_tools::parser::schema::Document::into_static)
        .map_err(|error| SchemaError::Parse { reason: error.to_string().trim().to_owned() })
}
