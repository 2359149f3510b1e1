//! One immutable schema, ready to plan against.

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
}

/// One supergraph, ready to plan against; share it as an `Arc`.
pub struct ServedSchema {
    api_sdl: String,
    subgraphs: Vec<(String, String)>,
}

impl ServedSchema {
    /// Loads a supergraph SDL in the Apollo join form.
    ///
    /// # Errors
    ///
    /// When the text is no schema, or not a supergraph.
    pub fn from_supergraph_sdl(sdl: &str) -> Result<Self, SchemaError> {
        Err(SchemaError::Unservable { reason: sdl.len().to_string() })
    }

    /// The schema that clients see, as SDL, without federation's machinery and inaccessible elements.
    #[must_use]
    pub fn api_sdl(&self) -> &str {
        &self.api_sdl
    }

    /// Name and URL of each subgraph, sorted by name.
    pub fn subgraphs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.subgraphs.iter().map(|(name, url)| (name.as_str(), url.as_str()))
    }
}
