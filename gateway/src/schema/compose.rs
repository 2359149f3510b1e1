//! Composition of subgraph schemas into one supergraph.

/// One subgraph's schema, as it exports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphSdl {
    /// The name, unique among those composed together.
    pub name: String,
    /// Where it is served.
    pub url: String,
    /// The schema with its federation directives.
    pub sdl: String,
}

/// Why subgraphs do not compose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the subgraphs do not compose")]
pub struct ComposeError;

/// Composes subgraphs into a supergraph SDL in the Apollo join form.
///
/// # Errors
///
/// When a subgraph is not valid on its own, or they contradict each other.
pub fn compose(_subgraphs: &[SubgraphSdl]) -> Result<String, ComposeError> {
    Err(ComposeError)
}
