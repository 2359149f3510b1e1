//! What kind of GraphQL operation a request runs, and in which form deferred parts of its answer are told.

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

/// In which form a client hears of what `@defer` delivers later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeferForm {
    /// That of the specification's proposal of 2022-08-24 (`deferSpec=20220824`): each deferred fragment comes whole, at
    /// its path and with its label.
    Fragments,
    /// That of graphql-js 17 (`incrementalSpec=v0.2`): what is pending is announced, each field comes once, and each
    /// fragment is said to be complete.
    Pending,
}
