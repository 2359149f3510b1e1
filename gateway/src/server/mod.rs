//! The gateway as a server: routes, listeners, shutdown.

mod admin;
mod assets;
mod builder;
mod door;
mod event_streams;
mod gateway;
mod graphql;
mod layers;
mod listen;
mod live;
mod peer;
mod refusal;
mod schema_view;
mod socket_runner;

pub use admin::{MetricsText, Readiness};
pub use assets::{Asset, Caching, StaticAssets};
pub use builder::GatewayBuilder;
pub use gateway::Gateway;
