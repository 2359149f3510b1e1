//! The whole configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AdminConfig, CacheConfig, ConfigError, CorsConfig, CsrfConfig, IdentityConfig, IntrospectionConfig, JwtConfig,
    LimitsConfig, PlaygroundConfig, SchemaConfig, ServerConfig, SubgraphsConfig, SubscriptionsConfig, TrafficConfig,
    security::{DEVELOPMENT_IDENTITY_SECRET, DEVELOPMENT_JWT_SECRET},
};

/// How careful the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Built-in secrets, introspection, the playground and debug extensions.
    Development,
    /// No secret of its own; introspection, the playground and debug extensions are off unless configured.
    Production,
}

/// The configuration of a gateway; unknown keys are refused by [`super::load`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// `development` or `production`; when absent, production, except as [`Config::is_bare`] says.
    pub mode: Option<Mode>,
    /// The address that clients call.
    pub server: ServerConfig,
    /// The address for metrics and health.
    pub admin: AdminConfig,
    /// Where the supergraph comes from.
    pub schema: SchemaConfig,
    /// How to talk to subgraphs.
    pub subgraphs: SubgraphsConfig,
    /// How the traffic of clients is shaped.
    pub traffic: TrafficConfig,
    /// Remembered answers of subgraphs.
    pub cache: CacheConfig,
    /// What one request may cost.
    pub limits: LimitsConfig,
    /// The identity that subgraphs trust.
    pub identity: IdentityConfig,
    /// The tokens of clients.
    pub jwt: JwtConfig,
    /// Which other origins may call from a browser.
    pub cors: CorsConfig,
    /// Protection against requests that a foreign page makes a browser send.
    pub csrf: CsrfConfig,
    /// Live data.
    pub subscriptions: SubscriptionsConfig,
    /// The page to try operations on.
    pub playground: PlaygroundConfig,
    /// Whether clients may read the schema.
    pub introspection: IntrospectionConfig,
}

impl Config {
    /// A configuration for development, with built-in secrets.
    #[must_use]
    pub fn development() -> Self {
        let mut config = Self { mode: Some(Mode::Development), ..Self::default() };
        config.fill_development_secrets();
        config
    }

    /// Whether this is development mode.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.mode == Some(Mode::Development)
    }

    /// Whether the gateway knows callers apart: it has a key for the tokens of clients, or signs identities.
    #[must_use]
    pub const fn knows_callers(&self) -> bool {
        self.jwt.has_keys() || self.identity.secret.is_some()
    }

    /// Whether the gateway was put over a schema and nothing more: no mode is chosen, no key is configured, and only
    /// this machine reaches it. Who starts one so wants to look at the graph.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.mode.is_none() && !self.knows_callers() && self.server.is_loopback()
    }

    /// Whether clients may read the schema: as configured, else in development and on a bare gateway.
    #[must_use]
    pub fn introspection_enabled(&self) -> bool {
        self.introspection.enabled.unwrap_or_else(|| self.is_development() || self.is_bare())
    }

    /// Whether the playground is served: as configured, else in development and on a bare gateway.
    #[must_use]
    pub fn playground_enabled(&self) -> bool {
        self.playground.enabled.unwrap_or_else(|| self.is_development() || self.is_bare())
    }

    /// Gives the secrets that are not set their well-known values; in development mode only.
    pub fn fill_development_secrets(&mut self) {
        if self.is_development() {
            self.identity.secret.get_or_insert_with(|| DEVELOPMENT_IDENTITY_SECRET.into());
            if !self.jwt.has_keys() {
                self.jwt.secret = Some(DEVELOPMENT_JWT_SECRET.into());
            }
        }
    }

    /// Checks what types cannot say.
    ///
    /// # Errors
    ///
    /// The first key whose value cannot work, with the reason.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.server.validate()?;
        self.admin.validate()?;
        self.schema.validate()?;
        self.cache.validate()?;
        self.limits.validate()?;
        self.identity.validate()?;
        self.jwt.validate()?;
        self.cors.validate()?;
        self.subgraphs.validate()?;
        self.subscriptions.validate()
    }
}
