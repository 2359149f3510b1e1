//! What an identity says.

/// The request header that carries the signed identity.
pub const IDENTITY_HEADER: &str = "x-selvedge-identity";

/// The longest that a signed identity may live, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 120;

/// A verified caller. Resolvers read it with `ctx.data::<Identity>()`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The customer or staff member; `None` for an anonymous shopper.
    pub subject: Option<String>,
    /// What the caller may do, such as `inventory:write`.
    pub scopes: Vec<String>,
    /// Ties log lines, events and answers of one request together.
    pub correlation_id: String,
}

impl Identity {
    /// Whether the caller was given `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}
