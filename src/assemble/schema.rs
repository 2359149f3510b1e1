//! Where the schema of a gateway comes from.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use selvedge_gateway::{
    config::SchemaConfig,
    schema::{ServedSchema, SubgraphSdl, compose},
};

use crate::failure::Failure;

/// Where a supergraph is: a file, or an address.
#[derive(Debug, Clone)]
pub(crate) enum SupergraphLocation {
    /// A file.
    File(PathBuf),
    /// An address.
    Url(String),
}

impl FromStr for SupergraphLocation {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url { Self::Url(text.to_owned()) } else { Self::File(PathBuf::from(text)) })
    }
}

impl SupergraphLocation {
    /// Makes this the source of `schema`, instead of what the configuration names.
    pub(crate) fn instead_of(self, schema: &mut SchemaConfig) {
        schema.subgraphs.clear();
        (schema.supergraph_file, schema.supergraph_url) = match self {
            Self::File(path) => (Some(path), None),
            Self::Url(url) => (None, Some(url)),
        };
    }
}

/// Composes `sdls` and makes the schema ready to serve.
pub(crate) fn compose_schema(sdls: &[SubgraphSdl]) -> Result<Arc<ServedSchema>, Failure> {
    let supergraph = compose(sdls).map_err(|error| Failure::operation("the subgraphs do not compose", &error))?;
    let schema = ServedSchema::from_supergraph_sdl(&supergraph)
        .map_err(|error| Failure::operation("the supergraph cannot be served", &error))?;
    Ok(Arc::new(schema.with_cache_hints(sdls)))
}
