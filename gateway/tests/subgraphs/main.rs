//! The way to subgraphs: connections, faults, headers, what is shared.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../edge_support/mod.rs"]
mod edge_support;
#[path = "../subgraph_support/mod.rs"]
mod subgraph_support;

mod connections;
mod faults;
mod header_rules;
mod http_transport;
mod sharing;
