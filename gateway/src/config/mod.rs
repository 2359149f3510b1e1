//! One typed configuration, read from `selvedge.yaml` and the environment.
//!
//! Unknown keys are refused with the full key and the nearest right one. Every key can be set by environment as
//! `SELVEDGE_SECTION__KEY`; sizes and times carry their unit in the name.

mod address;
mod cache;
mod check;
mod environment;
mod error;
mod header_actions;
mod headers;
mod limits;
mod load;
mod secret;
mod security;
mod sources;
mod subgraphs;
mod subscriptions;
mod tls;
mod top;
mod traffic;
mod upstream;
mod web;

pub use address::SubgraphAddress;
pub use cache::{CacheConfig, CacheRedisConfig, CacheScope, CacheSubgraphConfig, CacheTypeConfig};
pub use error::{ConfigError, KeyOrigin};
pub use header_actions::{HeaderRuleError, NameMatch, Propagation, RequestAction, ResponseAction, is_protected};
pub use headers::{
    HeaderNames, HeaderStrategy, HeadersConfig, InsertHeader, PropagateRequestHeader, PropagateResponseHeader,
    RequestHeaderRule, ResponseHeaderRule,
};
pub use limits::LimitsConfig;
pub use load::{json_schema, load, parse, parse_over};
pub use secret::Secret;
pub use security::{
    CorsConfig, CsrfConfig, DEVELOPMENT_IDENTITY_SECRET, DEVELOPMENT_JWT_SECRET, IdentityConfig, JwtConfig,
    SECRET_MIN_BYTES,
};
pub use sources::{BreakingChange, SchemaConfig, SchemaSubgraph};
pub use subgraphs::{HttpVersion, OwnSubgraphConfig, SubgraphConfig, SubgraphsConfig};
pub use subscriptions::SubscriptionsConfig;
pub use tls::{TlsConfig, TlsRoots};
pub use top::{Config, Mode};
pub use traffic::{CircuitBreakerConfig, CompressionConfig, ConcurrencyConfig, Encoding, RetryConfig, TrafficConfig};
pub use upstream::{IdentityRenewal, SubgraphSubscriptionConfig, SubscriptionProtocol};
pub use web::{AdminConfig, IntrospectionConfig, PlaygroundConfig, ServerConfig};
