//! Subscriptions of subgraphs: what shares a connection, how long it lives, what breaks it, and in which protocols.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

#[path = "../edge_support/mod.rs"]
mod edge_support;
#[path = "../upstream_support/mod.rs"]
mod upstream_support;

mod faults;
mod hostile;
mod identities;
mod protocols;
mod restarts;
mod sharing;
