//! What an identity says.

use serde::{Deserialize, Serialize};

/// The request header that carries the signed identity.
pub const IDENTITY_HEADER: &str = "x-selvedge-identity";

/// The longest that a signed identity may live, in seconds.
pub const MAX_LIFETIME_SECONDS: i64 = 120;

/// How long an identity lives that is signed here, in seconds.
pub(super) const SIGNED_LIFETIME_SECONDS: i64 = 60;

/// How far the clocks of two machines may differ, in seconds.
pub(super) const LEEWAY_SECONDS: i64 = 5;

/// The shortest secret, in bytes: that of the HS256 key.
pub(super) const MIN_SECRET_BYTES: usize = 32;

/// Who signs.
pub(super) const ISSUER: &str = "selvedge";

/// For whom it is signed.
pub(super) const AUDIENCE: &str = "selvedge-subgraph";

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

/// The claims as they stand in the token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireClaims {
    pub(super) iss: String,
    pub(super) aud: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    #[serde(default)]
    pub(super) scope: String,
    pub(super) cid: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}
