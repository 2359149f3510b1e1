//! Secrets, tokens and browsers.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, Secret};

/// The identity secret of development mode; known to everyone, so refused by nobody outside this machine.
pub const DEVELOPMENT_IDENTITY_SECRET: &str = "selvedge-development-identity-secret-do-not-use";
/// The token secret of development mode.
pub const DEVELOPMENT_JWT_SECRET: &str = "selvedge-development-jwt-secret-do-not-use";
/// The shortest secret, in bytes: the size of the hash it keys (RFC 7518, 3.2).
pub const SECRET_MIN_BYTES: usize = 32;

/// The identity that subgraphs trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// Shared with the subgraphs, at least 32 bytes. A gateway without one signs nothing; subgraphs need it.
    pub secret: Option<Secret>,
    /// How long a signed identity lives, in seconds.
    #[schemars(range(min = 1, max = 120))]
    pub lifetime_s: i64,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self { secret: None, lifetime_s: 60 }
    }
}

impl IdentityConfig {
    /// Checks that there is a secret, which every subgraph needs: it refuses requests without an identity.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn require(&self) -> Result<(), ConfigError> {
        match &self.secret {
            Some(_) => Ok(()),
            None => Err(ConfigError::Missing {
                key: "identity.secret",
                when: "by subgraphs in production mode",
                variable: "SELVEDGE_IDENTITY_SECRET",
            }),
        }
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        self.secret.as_ref().map_or(Ok(()), |secret| check_secret("identity.secret", secret))
    }
}

/// The tokens of clients. Without a secret and keys everyone is anonymous; tokens are then refused where identities are
/// signed for subgraphs, and not looked at where they are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JwtConfig {
    /// The shared secret of HS256 tokens, at least 32 bytes.
    pub secret: Option<Secret>,
    /// A file with a JSON Web Key Set, for RS256, ES256 and EdDSA.
    pub jwks_file: Option<PathBuf>,
    /// The address of a JSON Web Key Set.
    pub jwks_url: Option<String>,
    /// How old the key set may get, in seconds.
    #[schemars(range(min = 1))]
    pub jwks_refresh_s: u64,
    /// The accepted `iss` values; empty accepts any.
    pub issuers: Vec<String>,
    /// The accepted `aud` values; empty accepts any.
    pub audiences: Vec<String>,
    /// How far clocks may differ, in seconds.
    #[schemars(range(min = 0, max = 300))]
    pub leeway_s: i64,
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            secret: None,
            jwks_file: None,
            jwks_url: None,
            jwks_refresh_s: 300,
            issuers: Vec::new(),
            audiences: Vec::new(),
            leeway_s: 5,
        }
    }
}

impl JwtConfig {
    /// Whether any token can be verified.
    #[must_use]
    pub const fn has_keys(&self) -> bool {
        self.secret.is_some() || self.jwks_file.is_some() || self.jwks_url.is_some()
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.jwks_file.is_some() && self.jwks_url.is_some() {
            return Err(ConfigError::wrong("jwt.jwks_url", "must be absent when `jwt.jwks_file` is set"));
        }
        if let Some(url) = &self.jwks_url {
            super::subgraphs::check_url("jwt.jwks_url", url)?;
        }
        self.secret.as_ref().map_or(Ok(()), |secret| check_secret("jwt.secret", secret))
    }
}

fn check_secret(key: &str, secret: &Secret) -> Result<(), ConfigError> {
    let length = secret.expose().len();
    if length < SECRET_MIN_BYTES {
        return Err(ConfigError::wrong(key, format!("has {length} bytes, it needs at least {SECRET_MIN_BYTES}")));
    }
    Ok(())
}

/// Which other origins may call from a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins such as `https://shop.example`; empty answers no cross-origin request. `*` is everyone.
    pub allowed_origins: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    pub max_age_s: u64,
}

impl CorsConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        for (index, origin) in self.allowed_origins.iter().enumerate() {
            let is_origin = origin
                .parse::<http::Uri>()
                .is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some() && !origin.ends_with('/'));
            if origin != "*" && !is_origin {
                return Err(ConfigError::wrong(
                    format!("cors.allowed_origins.{index}"),
                    format!("must be an origin like https://shop.example, without a path, not `{origin}`"),
                ));
            }
        }
        Ok(())
    }
}

/// Protection against requests that a foreign page makes a browser send without asking (CSRF).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CsrfConfig {
    /// Whether simple requests are refused.
    pub enabled: bool,
    /// Headers of which one shows that the request is not simple.
    pub required_headers: Vec<String>,
}

impl Default for CsrfConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            required_headers: vec!["apollo-require-preflight".to_owned(), "x-apollo-operation-name".to_owned()],
        }
    }
}
