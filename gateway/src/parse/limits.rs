//! How much a client's document may ask for.

/// Limits on one document; checked before anything expensive is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many tokens the document may have.
    pub max_tokens: usize,
    /// How deep fields may nest, through fragments as well.
    pub max_depth: usize,
    /// How many aliases the operation may use, each use of a fragment counted.
    pub max_aliases: usize,
    /// How many root fields the operation may select.
    pub max_root_fields: usize,
    /// How many fields the operation may select, each use of a fragment counted.
    pub max_fields: usize,
    /// How many `@defer`s the operation may have, counted where they stand in the response.
    pub max_deferred_parts: usize,
    /// Whether `__schema` and `__type` are answered.
    pub introspection: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_tokens: 15_000,
            max_depth: 30,
            max_aliases: 200,
            max_root_fields: 50,
            max_fields: 5_000,
            max_deferred_parts: 100,
            introspection: true,
        }
    }
}
