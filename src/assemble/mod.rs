//! Putting parts together: engines by their URLs, subgraphs, the in-process transport, the gateway.

mod catalog;
mod data_folder;
mod engines;
mod entity_events;
mod events;
mod in_process;
mod lateness;
mod schema;
mod serve;
mod subgraphs;
mod tokens;

pub(crate) use catalog::{Catalog, load};
pub(crate) use data_folder::DataFolder;
pub(crate) use engines::Engines;
pub(crate) use entity_events::Bus;
use events::events_folder;
pub(crate) use events::{EventSource, Events};
pub(crate) use in_process::in_process;
pub(crate) use schema::{SupergraphLocation, compose_schema};
pub(crate) use serve::{GatewayParts, Listeners, keep_metrics, serve};
pub(crate) use subgraphs::{INVENTORY_FILE, SubgraphName, inventory, join, preferences, recommendation};
pub(crate) use tokens::DevelopmentTokens;
