//! The gateway as a server: routes, listeners, shutdown.

mod admin;
mod assets;
mod builder;
mod door;
mod gateway;
mod graphql;
mod layers;
mod listen;
mod schema_view;
mod socket_runner;

pub use admin::{MetricsText, Readiness};
pub use assets::{Asset, Caching, StaticAssets};
pub use builder::GatewayBuilder;
pub use gateway::Gateway;
