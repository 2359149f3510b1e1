//! The listeners, the playground and introspection.

use std::{net::SocketAddr, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The address that clients call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub listen: String,
    /// The longest that one request may take, in milliseconds.
    #[schemars(range(min = 1))]
    pub request_timeout_ms: u64,
    /// How many requests to `/graphql` may be under way; what comes then is refused with 503.
    #[schemars(range(min = 1))]
    pub max_concurrent_requests: usize,
    /// How long requests in flight may take to finish at shutdown, in milliseconds.
    pub shutdown_grace_ms: u64,
    /// Whether answers are compressed (gzip, brotli) for clients that accept it.
    pub compression: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:4000".to_owned(),
            request_timeout_ms: 30_000,
            max_concurrent_requests: 10_000,
            shutdown_grace_ms: 10_000,
            compression: true,
        }
    }
}

impl ServerConfig {
    /// The longest that one request may take.
    #[must_use]
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// How long shutdown waits for requests in flight.
    #[must_use]
    pub const fn shutdown_grace(&self) -> Duration {
        Duration::from_millis(self.shutdown_grace_ms)
    }

    /// Whether only this machine reaches the address.
    pub(super) fn is_loopback(&self) -> bool {
        self.listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
    }

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        check_address("server.listen", &self.listen)
    }
}

/// The address for metrics and health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Address and port to listen on; never expose it to the internet.
    pub listen: String,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { enabled: true, listen: "127.0.0.1:4100".to_owned() }
    }
}

impl AdminConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        check_address("admin.listen", &self.listen)
    }
}

fn check_address(key: &str, value: &str) -> Result<(), ConfigError> {
    match value.parse::<SocketAddr>() {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(ConfigError::wrong(key, format!("must be an address and port like 127.0.0.1:4000, not `{value}`")))
        }
    }
}

/// The page to try operations on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlaygroundConfig {
    /// Whether it is served at `/`; when absent, in development, and where nothing but a schema is configured.
    pub enabled: Option<bool>,
}

/// Whether clients may read the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IntrospectionConfig {
    /// Whether `__schema` and `__type` are answered; when absent, in development, and where nothing but a schema is
    /// configured.
    pub enabled: Option<bool>,
}
