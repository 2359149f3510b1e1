//! What kind of GraphQL operation a request runs.

/// The three kinds of GraphQL operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Reads; may be repeated safely.
    Query,
    /// Changes something; is never repeated by the gateway.
    Mutation,
    /// Yields many responses.
    Subscription,
}

impl OperationKind {
    /// The keyword in GraphQL documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}
